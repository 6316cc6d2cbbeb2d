package io.kubelet.cert.simulation;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * One replica of an application: a process that dies and starts again, with a clock of
 * its own.
 */
final class Replica {

	private final ReplicaWorld world;

	private final KeyPool keys;

	private final Random random;

	private final Clock clock;

	private ProcessScheduler scheduler;

	private SharedSecret.@Nullable View view;

	private @Nullable CertificateManager manager;

	private @Nullable Moment death;

	private boolean cutOff;

	int template;

	Replica(ReplicaWorld world, KeyPool keys, Random random, Duration skew) {
		this.world = world;
		this.keys = keys;
		this.random = random;
		this.clock = Clock.offset(world.time(), skew);
		this.scheduler = new ProcessScheduler(world.time());
	}

	@Nullable CertificateManager manager() {
		return this.manager;
	}

	boolean isCutOff() {
		return this.cutOff || this.world.down;
	}

	void cutOff(boolean cutOff) {
		this.cutOff = cutOff;
		if (!isCutOff()) {
			if (this.view != null) {
				this.view.refresh();
			}
			this.world.reconnected(this);
		}
	}

	boolean isAlive(SharedSecret.View view) {
		return view == this.view;
	}

	void dieAt(@Nullable Moment moment) {
		this.death = moment;
	}

	/** Ends the process if its time has come. */
	boolean mayDie(Moment moment) {
		if (this.death != moment) {
			return false;
		}
		this.death = null;
		die();
		this.world.time().schedule(this::start, Duration.ofSeconds(20));
		if (moment != Moment.AFTER_CREATION) {
			throw new Killed();
		}
		return true;
	}

	void die() {
		this.world.kills++;
		this.scheduler.die();
		this.view = null;
		this.manager = null;
	}

	void start() {
		if (this.manager != null) {
			return;
		}
		ProcessScheduler process = new ProcessScheduler(this.world.time());
		this.scheduler = process;
		SharedSecret.View view = this.world.secret().new View(this);
		this.view = view;
		CertificateManager manager = new CertificateManagerBuilder("shop").store(view)
			.scheduler(process)
			.executor((task) -> process.schedule(task, Duration.ZERO))
			.clock(this.clock)
			.random(this.random::nextDouble)
			.keys((specification) -> this.keys.next())
			.signerName("example.com/signer")
			.template(template(this.template))
			.signers((current) -> new Signer())
			.build();
		if (this.view == view) {
			this.manager = manager;
			manager.start();
		}
	}

	static CertificateTemplate template(int number) {
		return CertificateTemplate.ofSubject("shop").withDnsNames(List.of("v" + number + ".shop.svc"));
	}

	long rotations() {
		return (this.manager != null) ? this.manager.status().rotations().count() : 0;
	}

	@Nullable CertificatePair served() {
		return (this.manager != null) ? this.manager.current().orElse(null) : null;
	}

	/** When a process can be killed. */
	enum Moment {

		BEFORE_STORING, AFTER_STORING, AFTER_CREATION

	}

	/** Ends the task that is running. */
	static final class Killed extends Error {

		private static final long serialVersionUID = 1;

		Killed() {
			super("killed", null, false, false);
		}

	}

	private final class Signer implements CertificateSigner {

		@Override
		public CompletableFuture<List<X509Certificate>> request(CertificateRequest request,
				Consumer<SubmittedRequest> progress) {
			return send(request, progress, true);
		}

		@Override
		public CompletableFuture<List<X509Certificate>> join(CertificateRequest request,
				Consumer<SubmittedRequest> progress) {
			return send(request, progress, false);
		}

		private CompletableFuture<List<X509Certificate>> send(CertificateRequest request,
				Consumer<SubmittedRequest> progress, boolean creates) {
			CompletableFuture<List<X509Certificate>> answer = new CompletableFuture<>();
			SharedSecret.View sender = Replica.this.view;
			Replica.this.world.create(Replica.this, request, progress, answer, creates);
			if (sender == null) {
				answer.cancel(false);
			}
			return answer;
		}

		@Override
		public boolean keepsObjects() {
			return Replica.this.world.keepsRequests();
		}

		@Override
		public CompletableFuture<?> discard(CertificateRequest request) {
			return Replica.this.world.discard(Replica.this, request);
		}

	}

}
