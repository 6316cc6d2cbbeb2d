package io.kubelet.cert.simulation;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.MemoryStore;
import org.jspecify.annotations.Nullable;

/**
 * A process that keeps its certificate on its disk, as far as it can be seen from
 * outside. It checks each request of the engine.
 */
final class FilesProcess extends SimulatedProcess implements CertificateTemplateSupplier, RotationListener {

	/** Those that are wanted one after the other. */
	private static final List<CertificateTemplate> TEMPLATES = Stream.of("v0.example", "v1.example", "v2.example")
		.map((name) -> CertificateTemplate.ofSubject("system:node:n").withDnsNames(List.of(name)))
		.toList();

	final Invariants invariants = new Invariants(this);

	final MemoryStore store = new MemoryStore();

	private final RequestBudget budget = new RequestBudget();

	private final Set<String> sent = new HashSet<>();

	private int templateNumber;

	private boolean templateKnown = true;

	private Runnable templateChanged = () -> {
	};

	/** Whether a rotation is due whatever the deadline of the pair is. */
	boolean forced;

	private CompletableFuture<?> asked = CompletableFuture.completedFuture(null);

	FilesProcess(World world, SimulatedServer server) {
		super(world, server);
	}

	@Override
	public Optional<CertificateTemplate> get() {
		return this.templateKnown ? Optional.of(wanted()) : Optional.empty();
	}

	@Override
	public boolean onChange(Runnable changed) {
		this.templateChanged = changed;
		return true;
	}

	/** What was last known to be wanted. */
	CertificateTemplate wanted() {
		return TEMPLATES.get(this.templateNumber);
	}

	@Override
	void check() {
		this.invariants.check();
	}

	@Override
	CertificateManagerBuilder newManager() {
		return new CertificateManagerBuilder("n").store(this.store)
			.executor(Runnable::run)
			.usages(List.of(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH))
			.template(this)
			.clock(this.world.time)
			.listener(this);
	}

	@Override
	void start() {
		if (this.manager != null) {
			return;
		}
		this.invariants.disturbed();
		this.budget.reset();
		this.asked = CompletableFuture.completedFuture(null);
		CertificatePair pair = this.store.pair;
		this.forced = pair != null && isLeftOver(pair, this.store.request);
		try {
			super.start();
		}
		catch (StoreException ex) {
			this.world.require(this.store.readFails, "does not start though the disk is well");
		}
	}

	/** A request of an earlier life for the pair that is still there is resumed. */
	private boolean isLeftOver(CertificatePair pair, @Nullable PendingRequest pending) {
		return pending != null && pair.serialNumber().equals(pending.replaces())
				&& get().equals(Optional.of(pending.request().template()));
	}

	@Override
	CompletableFuture<List<X509Certificate>> request(ProcessScheduler life, CertificateRequest request, boolean creates,
			Consumer<SubmittedRequest> progress) {
		Instant now = this.world.time.instant();
		CertificatePair pair = served();
		this.world.require(this.manager != null && life == this.life, "a request after the end");
		this.world.require(this.budget.allows(now), "a request too early: %s", this.budget);
		this.world.require(this.templateKnown && !isOutdated(request), "a request for an old template");
		this.world.require(
				!this.sent.add(request.name()) || pair == null || this.forced || !wanted().isSatisfiedBy(pair.leaf())
						|| !now.isBefore(Invariants.fraction(pair.leaf(), 0.7).minusMillis(1)),
				"a request for no reason");
		CompletableFuture<List<X509Certificate>> answer = super.request(life, request, creates, progress);
		answer.whenComplete((chain, failure) -> {
			if (life == this.life && this.manager != null) {
				answered(request, chain, failure);
			}
		});
		return answer;
	}

	private void answered(CertificateRequest request, @Nullable List<X509Certificate> chain,
			@Nullable Throwable failure) {
		Instant now = this.world.time.instant();
		if (failure instanceof RequestException cause) {
			this.budget.failed(cause, served(), now);
		}
		else if (chain != null && !isGood(chain.get(0), request, now)) {
			this.budget.answeredAgainst(now);
		}
		if (isOutdated(request)) {
			this.budget.endPause();
		}
	}

	/** Unless it has what the new template asks for. */
	boolean waitsForNothingOld() {
		CertificatePair pair = served();
		return (pair != null && wanted().isSatisfiedBy(pair.leaf())) || this.server.objects()
			.stream()
			.noneMatch((object) -> object.isWatched(this) && isOutdated(object.request));
	}

	private boolean isOutdated(CertificateRequest request) {
		return this.templateKnown && !wanted().equals(request.template());
	}

	private static boolean isGood(X509Certificate leaf, CertificateRequest request, Instant now) {
		return leaf.getPublicKey().equals(request.publicKey()) && request.template().isSatisfiedBy(leaf)
				&& Invariants.isValid(leaf, now);
	}

	/** The template may have changed while the request was on its way. */
	@Override
	void created(SigningObject object) {
		object.abandoned = isOutdated(object.request);
	}

	@Override
	boolean stores(CertificateRequest request) {
		PendingRequest pending = this.store.request;
		return pending != null && Objects.equals(request.name(), pending.request().name());
	}

	@Override
	public void onEvent(RotationEvent event) {
		if (event instanceof RotationEvent.Rotated) {
			this.forced = !this.asked.isDone();
			this.budget.reset();
		}
	}

	@Override
	void changeTemplate() {
		this.templateKnown = true;
		this.templateNumber = (this.templateNumber + 1) % TEMPLATES.size();
		this.server.objects().forEach((object) -> object.abandoned = true);
		this.budget.endPause();
		this.templateChanged.run();
	}

	void forgetTemplate() {
		this.templateKnown = false;
		this.templateChanged.run();
	}

	void disk(boolean readFails, boolean writeFails) {
		this.store.readFails = readFails;
		this.store.writeFails = writeFails;
	}

	/** Another program, which wants the same, stores a pair. */
	void storeByAnother() {
		KeyPair pair = this.world.keys.next();
		this.store.pair = new CertificatePair(List.of(this.server.approver.certificate(pair.getPublic(), wanted())),
				pair.getPrivate());
	}

	@Override
	CompletableFuture<?> rotate() {
		CompletableFuture<?> asked = super.rotate();
		if (!asked.isCompletedExceptionally()) {
			this.forced = true;
			this.asked = asked;
			this.asked.thenRun(() -> this.forced = false);
			this.budget.reset();
		}
		return asked;
	}

	void moveClock(Duration by) {
		setClock(this.world.error.plus(by));
	}

	void setClock(Duration error) {
		this.world.setError(error);
		this.budget.reset();
	}

	/** The machine sleeps: its timers do not run, its clock does. */
	void suspend(Duration duration) {
		this.world.time.setClock(duration);
		this.budget.reset();
	}

}
