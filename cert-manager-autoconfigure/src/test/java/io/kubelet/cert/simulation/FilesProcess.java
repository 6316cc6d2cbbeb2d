package io.kubelet.cert.simulation;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.MemoryStore;
import org.jspecify.annotations.Nullable;

/**
 * A process that keeps its certificate on its disk, as far as it can be seen from
 * outside. It checks each request of the engine.
 */
final class FilesProcess extends SimulatedProcess implements RotationListener {

	static final Duration WAIT_TIMEOUT = Duration.ofMinutes(15);

	private static final int TEMPLATES = 3;

	private final History history;

	private final Invariants invariants;

	private final MemoryStore store = new MemoryStore();

	private final RequestBudget budget;

	private final Set<String> sent = new HashSet<>();

	private int templateNumber;

	private boolean templateKnown = true;

	private boolean forced;

	private CompletableFuture<?> asked = CompletableFuture.completedFuture(null);

	private Duration answeredAgainstAt = Duration.ofDays(-1000);

	FilesProcess(World world, SimulatedServer server, History history) {
		super(world, server, new KeyPool(), new Random(history.seed()));
		this.history = history;
		this.budget = new RequestBudget(retryInterval());
		this.invariants = new Invariants(world, server, this, history);
	}

	/** Long lives are simulated with long intervals: they bring nothing new when idle. */
	Duration retryInterval() {
		Duration kubelet = RetrySchedule.KUBELET.interval();
		return (this.history.idleCheck().compareTo(kubelet) > 0) ? this.history.idleCheck() : kubelet;
	}

	Invariants invariants() {
		return this.invariants;
	}

	/** Whether a rotation is due whatever the deadline of the pair is. */
	boolean isForced() {
		return this.forced;
	}

	Optional<CertificateTemplate> template() {
		return this.templateKnown ? Optional.of(wanted()) : Optional.empty();
	}

	/** What was last known to be wanted. */
	CertificateTemplate wanted() {
		return CertificateTemplate.ofSubject("system:node:n")
			.withDnsNames(List.of("v" + this.templateNumber + ".example"));
	}

	boolean diskIsWell() {
		return !this.store.writeFails && !this.store.readFails;
	}

	boolean wasAnsweredAgainstLately() {
		return this.world.elapsed().minus(this.answeredAgainstAt).compareTo(Duration.ofDays(2)) < 0;
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
			.template(this::template)
			.clock(this.world.time())
			.idleCheck(this.history.idleCheck())
			.waitTimeout(WAIT_TIMEOUT)
			.retry(new RetrySchedule(Duration.ofSeconds(2), 2, 0.1, 5, retryInterval()))
			.listener(this);
	}

	@Override
	void start() {
		if (manager() != null) {
			return;
		}
		this.budget.reset();
		this.asked = CompletableFuture.completedFuture(null);
		CertificatePair pair = this.store.pair;
		this.forced = pair == null || !Invariants.isValid(pair, this.world.time().instant())
				|| isLeftOver(pair, this.store.request);
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
				&& template().equals(Optional.of(pending.request().template()));
	}

	@Override
	CompletableFuture<List<X509Certificate>> request(ProcessScheduler life, CertificateRequest request, boolean creates,
			Consumer<SubmittedRequest> progress) {
		Instant now = this.world.time().instant();
		CertificatePair pair = served();
		this.world.require(manager() != null && life == life(), "a request after the end");
		this.world.require(this.budget.allows(now), "a request too early: %s", this.budget);
		this.world.require(this.templateKnown && !isOutdated(request), "a request for an old template");
		this.world.require(
				!this.sent.add(request.name()) || pair == null || this.forced || !wanted().isSatisfiedBy(pair.leaf())
						|| !now.isBefore(Invariants.fraction(pair.leaf(), 0.7).minusMillis(1)),
				"a request for no reason");
		CompletableFuture<List<X509Certificate>> answer = super.request(life, request, creates, progress);
		answer.whenComplete((chain, failure) -> answered(life, request, chain, failure));
		return answer;
	}

	private void answered(ProcessScheduler life, CertificateRequest request, @Nullable List<X509Certificate> chain,
			@Nullable Throwable failure) {
		Instant now = this.world.time().instant();
		if (life != life() || manager() == null) {
			return;
		}
		if (failure != null && !(failure instanceof CancellationException)) {
			this.budget.failed(failure, now);
		}
		boolean refused = chain != null && !isGood(chain.get(0), request, now);
		if (refused) {
			this.budget.answeredAgainst(now);
		}
		if (refused || RequestBudget.isAgainst(failure)) {
			answeredAgainst();
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

	@Override
	void answeredAgainst() {
		this.answeredAgainstAt = this.world.elapsed();
	}

	@Override
	void created(SigningObject object) {
		this.world.require(this.server.objects().stream().noneMatch((other) -> other.isPending() && !other.abandoned),
				"a request is created while there is a pending one");
		// The template may have changed while the request was on its way
		object.abandoned = isOutdated(object.request);
	}

	@Override
	boolean stores(CertificateRequest request) {
		PendingRequest pending = this.store.request;
		return pending != null && Objects.equals(request.name(), pending.request().name());
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		this.forced = !this.asked.isDone();
		this.budget.reset();
	}

	@Override
	void changeTemplate() {
		this.templateKnown = true;
		this.templateNumber = (this.templateNumber + 1) % TEMPLATES;
		this.server.objects().forEach((object) -> object.abandoned = true);
		this.budget.endPause();
	}

	void forgetTemplate() {
		this.templateKnown = false;
	}

	void disk(boolean readFails, boolean writeFails) {
		this.store.readFails = readFails;
		this.store.writeFails = writeFails;
	}

	/** Another program, which wants the same, stores a pair. */
	void storeByAnother() {
		KeyPair pair = this.keys.next();
		this.store.pair = new CertificatePair(List.of(this.server.approver().certificate(pair.getPublic(), wanted())),
				pair.getPrivate());
	}

	@Override
	CompletableFuture<?> rotate(CertificateManager manager) {
		CompletableFuture<?> asked = super.rotate(manager);
		// Refused if it is too early
		if (!asked.isCompletedExceptionally()) {
			this.forced = true;
			this.asked = asked;
			this.asked.thenRun(() -> this.forced = false);
			this.budget.endPause();
		}
		return asked;
	}

	@Override
	void clockWasSet() {
		this.budget.reset();
	}

}
