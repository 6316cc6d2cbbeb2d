package io.kubelet.cert.simulation;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A process with a certificate. It dies and starts again.
 */
abstract class SimulatedProcess {

	final World world;

	final SimulatedServer server;

	ProcessScheduler life;

	/** While it lives. */
	@Nullable CertificateManager manager;

	/** At which moment it dies next, {@code null} for never. */
	@Nullable Moment death;

	private boolean cutOff;

	SimulatedProcess(World world, SimulatedServer server) {
		this.world = world;
		this.server = server;
		this.life = new ProcessScheduler(world.time);
	}

	/** Returns a manager for a new life, with a store and a template. */
	abstract CertificateManagerBuilder newManager();

	/** Changes what the process wants. */
	abstract void changeTemplate();

	/** Returns whether a request is still in the store. */
	abstract boolean stores(CertificateRequest request);

	/** The server creates an object for this process. */
	abstract void created(SigningObject object);

	/** Checks what must hold at any time. */
	abstract void check();

	@Nullable CertificatePair served() {
		return (this.manager != null) ? this.manager.current().orElse(null) : null;
	}

	void start() {
		if (this.manager != null) {
			return;
		}
		ProcessScheduler life = new ProcessScheduler(this.world.time);
		this.life = life;
		this.manager = newManager().scheduler(life)
			.signerName("example.com/signer")
			.keys((specification) -> this.world.keys.next())
			.random(this.world.random::nextDouble)
			.signers((current) -> new Signer(life))
			.build();
		this.manager.start();
	}

	/** Ends as a process should. */
	void stop() {
		if (this.manager != null) {
			this.manager.stop();
			this.manager = null;
			this.world.time.settle();
			this.world.require(this.life.scheduled.isEmpty(), "something is scheduled after stop");
			this.world.require(this.server.objects().stream().noneMatch((object) -> object.isWatched(this)),
					"something is waited for after stop");
		}
		die();
	}

	void die() {
		this.manager = null;
		this.life.dead = true;
		this.server.disconnect(this);
	}

	/** Dies if this is the moment, and starts again a little later. */
	boolean diesNow(Moment moment) {
		if (this.death != moment) {
			return false;
		}
		this.death = null;
		die();
		this.world.time.schedule(this::start, Duration.ofSeconds(20));
		return true;
	}

	/** Whether it cannot reach the server. */
	boolean isCutOff() {
		return this.cutOff || this.server.mood == SimulatedServer.Mood.DOWN;
	}

	void cutOff(boolean cutOff) {
		this.cutOff = cutOff;
		connected();
	}

	/** The process may be able to reach the server again. */
	void connected() {
		this.server.reconnected();
	}

	/** Requests a rotation, which is refused if it is too early. */
	CompletableFuture<?> rotate() {
		return (this.manager != null) ? this.manager.rotate()
				: CompletableFuture.failedFuture(new IllegalStateException("not started"));
	}

	CompletableFuture<List<X509Certificate>> request(ProcessScheduler life, CertificateRequest request, boolean creates,
			Consumer<SubmittedRequest> progress) {
		return this.server.request(this, life, request, creates, progress);
	}

	/** When a process can be killed. */
	enum Moment {

		BEFORE_CREATION, AFTER_CREATION, BEFORE_STORING, AFTER_STORING

	}

	private final class Signer implements CertificateSigner {

		private final ProcessScheduler life;

		Signer(ProcessScheduler life) {
			this.life = life;
		}

		@Override
		public CompletableFuture<List<X509Certificate>> request(CertificateRequest request,
				Consumer<SubmittedRequest> progress) {
			return SimulatedProcess.this.request(this.life, request, true, progress);
		}

		@Override
		public CompletableFuture<List<X509Certificate>> join(CertificateRequest request,
				Consumer<SubmittedRequest> progress) {
			return SimulatedProcess.this.request(this.life, request, false, progress);
		}

		@Override
		public boolean keepsObjects() {
			return SimulatedProcess.this.server.keepsRequests;
		}

		@Override
		public CompletableFuture<?> discard(CertificateRequest request) {
			return keepsObjects() ? SimulatedProcess.this.server.discard(SimulatedProcess.this, this.life, request)
					: CertificateSigner.super.discard(request);
		}

	}

}
