package io.kubelet.cert.simulation;

import java.security.KeyPair;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
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
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.MemoryStore;
import org.jspecify.annotations.Nullable;

/**
 * One certificate on the machine: its disk, its template and, in each life of the
 * process, its manager. It watches what the manager asks for.
 */
final class SimulatedCertificate implements RotationListener {

	static final Duration WAIT_TIMEOUT = Duration.ofMinutes(15);

	private static final int TEMPLATES = 3;

	private final World world;

	private final SimulatedServer server;

	private final KeyPool keys;

	private final History history;

	private final int index;

	private final Random random;

	private final MemoryStore store = new MemoryStore();

	private final RequestBudget budget;

	private final Set<String> sent = new HashSet<>();

	private final Discards discards;

	private ProcessScheduler scheduler;

	private @Nullable CertificateManager manager;

	private int templateNumber;

	private boolean templateKnown = true;

	private boolean forced;

	private CompletableFuture<?> asked = CompletableFuture.completedFuture(null);

	private Death death = Death.NONE;

	private Duration answeredAgainstAt = Duration.ofDays(-1000);

	private int requests;

	private int rotations;

	SimulatedCertificate(World world, SimulatedServer server, KeyPool keys, History history, int index) {
		this.world = world;
		this.server = server;
		this.keys = keys;
		this.history = history;
		this.index = index;
		this.random = new Random(history.seed() + index);
		this.budget = new RequestBudget(retryInterval(history));
		this.discards = new Discards(world, server);
		this.scheduler = new ProcessScheduler(world.time());
	}

	/** Long lives are simulated with long intervals: they bring nothing new when idle. */
	static Duration retryInterval(History history) {
		Duration kubelet = RetrySchedule.KUBELET.interval();
		return (history.idleCheck().compareTo(kubelet) > 0) ? history.idleCheck() : kubelet;
	}

	@Nullable CertificateManager manager() {
		return this.manager;
	}

	boolean isForced() {
		return this.forced;
	}

	/** A request of an earlier life for the pair that is still there is resumed. */
	private boolean isLeftOver(@Nullable PendingRequest pending) {
		CertificatePair pair = this.store.pair;
		return pending != null && pair != null && pair.serialNumber().equals(pending.replaces())
				&& template().equals(Optional.of(pending.request().template()));
	}

	Optional<CertificateTemplate> template() {
		return this.templateKnown
				? Optional
					.of(CertificateTemplate.ofSubject("system:node:n" + this.index).withDnsNames(List.of(dnsName())))
				: Optional.empty();
	}

	/** Whether a certificate says what it should, without the engine's help. */
	boolean isSatisfiedBy(X509Certificate certificate) {
		return isFor(certificate, dnsName());
	}

	private static boolean isFor(X509Certificate certificate, String dnsName) {
		try {
			Collection<List<?>> names = certificate.getSubjectAlternativeNames();
			return names != null && names.stream().anyMatch((name) -> dnsName.equals(name.get(1)));
		}
		catch (CertificateParsingException ex) {
			return false;
		}
	}

	private String dnsName() {
		return "v" + this.templateNumber + ".n" + this.index + ".example";
	}

	boolean diskIsWell() {
		return !this.store.writeFails && !this.store.readFails;
	}

	boolean wasAnsweredAgainstLately() {
		return this.world.elapsed().minus(this.answeredAgainstAt).compareTo(Duration.ofDays(2)) < 0;
	}

	int requests() {
		return this.requests;
	}

	int rotations() {
		return this.rotations;
	}

	void start() {
		if (this.manager != null) {
			return;
		}
		this.scheduler = new ProcessScheduler(this.world.time());
		Duration interval = retryInterval(this.history);
		try {
			CertificateManager manager = new CertificateManagerBuilder("n" + this.index).store(this.store)
				.scheduler(this.scheduler)
				.executor(Runnable::run)
				.signerName("example.com/signer")
				.usages(List.of(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH))
				.keys((specification) -> this.keys.next())
				.template(this::template)
				.clock(this.world.time())
				.random(this.random::nextDouble)
				.idleCheck(this.history.idleCheck())
				.waitTimeout(WAIT_TIMEOUT)
				.retry(new RetrySchedule(Duration.ofSeconds(2), 2, 0.1, 5, interval))
				.signers((current) -> signer(this.scheduler))
				.listener(this)
				.build();
			this.manager = manager;
			this.budget.reset();
			this.forced = manager.current().isEmpty() || isLeftOver(this.store.request);
			this.asked = CompletableFuture.completedFuture(null);
			manager.start();
		}
		catch (StoreException ex) {
			this.world.require(this.store.readFails, "%d: does not start though its disk is well", this.index);
		}
	}

	private CertificateSigner signer(ProcessScheduler life) {
		return new CertificateSigner() {

			@Override
			public CompletableFuture<List<X509Certificate>> request(CertificateRequest request,
					Consumer<SubmittedRequest> progress) {
				return SimulatedCertificate.this.request(life, request, progress);
			}

			@Override
			public CompletableFuture<?> discard(CertificateRequest request) {
				SimulatedCertificate certificate = SimulatedCertificate.this;
				return certificate.server.keepsRequests() ? certificate.discards.discard(request)
						: CertificateSigner.super.discard(request);
			}

		};
	}

	private CompletableFuture<List<X509Certificate>> request(ProcessScheduler life, CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		Instant now = this.world.time().instant();
		this.requests++;
		CertificateManager manager = this.manager;
		this.world.require(manager != null && life == this.scheduler, "%d: asks after it was stopped", this.index);
		this.world.require(this.budget.allows(now), "%d: asks too early: %s", this.index, this.budget);
		this.world.require(template().equals(Optional.of(request.template())), "%d: asks for an old template",
				this.index);
		if (this.sent.add(request.name()) && manager != null) {
			this.world.require(hasReasonToAsk(manager, now), "%d: asks for no reason", this.index);
		}
		CompletableFuture<List<X509Certificate>> answer = this.server.request(this, request, progress);
		answer.whenComplete((chain, failure) -> answered(life, request, chain, failure));
		return answer;
	}

	private boolean hasReasonToAsk(CertificateManager manager, Instant now) {
		CertificatePair pair = manager.current().orElse(null);
		return pair == null || this.forced || !isSatisfiedBy(pair.leaf())
				|| !now.isBefore(fraction(pair.leaf(), 0.7).minusMillis(1));
	}

	static Instant fraction(X509Certificate leaf, double fraction) {
		Instant notBefore = leaf.getNotBefore().toInstant();
		long lifetime = Duration.between(notBefore, leaf.getNotAfter().toInstant()).toMillis();
		return notBefore.plusMillis((long) (lifetime * fraction));
	}

	private void answered(ProcessScheduler life, CertificateRequest request, @Nullable List<X509Certificate> chain,
			@Nullable Throwable failure) {
		Instant now = this.world.time().instant();
		if (life != this.scheduler || this.manager == null) {
			return;
		}
		if (failure instanceof CancellationException && !template().equals(Optional.of(request.template()))) {
			this.budget.reset();
		}
		else if (failure instanceof CancellationException) {
			this.budget.failed(RequestException.timedOut(request.name(), request.signerName(), WAIT_TIMEOUT), now);
		}
		else if (failure != null) {
			this.budget.failed(failure, now);
			if (RequestBudget.isAgainst(failure)) {
				answeredAgainst();
			}
		}
		else if (chain != null && !isGood(chain.get(0), request, now)) {
			this.budget.answeredAgainst(now);
			answeredAgainst();
		}
		else if (!diskIsWell()) {
			this.budget.failedOnDisk(now);
		}
		if (isOutdated(request.template())) {
			this.budget.templateChanged();
		}
	}

	private boolean isOutdated(CertificateTemplate requested) {
		return template().filter((now) -> !now.equals(requested)).isPresent();
	}

	private boolean isGood(X509Certificate leaf, CertificateRequest request, Instant now) {
		return leaf.getPublicKey().equals(request.publicKey()) && isFor(leaf, request.template().dnsNames().get(0))
				&& !now.isAfter(leaf.getNotAfter().toInstant())
				&& !leaf.getNotBefore().toInstant().isAfter(now.plus(Duration.ofMinutes(5)));
	}

	void answeredAgainst() {
		this.answeredAgainstAt = this.world.elapsed();
	}

	void created(SigningObject object) {
		long open = this.server.objects()
			.stream()
			.filter((other) -> other.owner == this && other.isOpen() && !other.abandoned)
			.count();
		this.world.require(open == 0, "%d: makes a request while there is an open one", this.index);
		// The template may have changed while the request was on its way
		object.abandoned = isOutdated(object.request.template());
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		this.rotations++;
		this.forced = !this.asked.isDone();
		this.budget.reset();
	}

	void changeTemplate() {
		this.templateKnown = true;
		this.templateNumber = (this.templateNumber + 1) % TEMPLATES;
		this.server.objects()
			.stream()
			.filter((object) -> object.owner == this)
			.forEach((object) -> object.abandoned = true);
		this.budget.templateChanged();
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
		KeyPair keys = this.keys.next();
		CertificateTemplate template = CertificateTemplate.ofSubject("system:node:n" + this.index)
			.withDnsNames(List.of(dnsName()));
		this.store.pair = new CertificatePair(List.of(this.server.approver().certificate(keys.getPublic(), template)),
				keys.getPrivate());
	}

	void rotate() {
		CertificateManager manager = this.manager;
		CompletableFuture<?> asked = (manager != null) ? manager.rotate() : null;
		// Refused if it is too early
		if (asked != null && !asked.isCompletedExceptionally()) {
			this.forced = true;
			this.asked = asked;
			this.asked.thenRun(() -> this.forced = false);
			this.budget.endPause();
		}
	}

	void clockWasSet() {
		this.budget.endPause();
	}

	/** End as a process should. */
	void stop() {
		CertificateManager manager = this.manager;
		if (manager != null) {
			this.manager = null;
			manager.stop();
			this.world.time().settle();
			this.world.require(this.scheduler.scheduled() == 0, "%d: something is scheduled after stop", this.index);
			this.world.require(!this.server.isWatched(this), "%d: something is waited for after stop", this.index);
		}
		die();
	}

	void die() {
		this.manager = null;
		this.scheduler.die();
		this.server.disconnect(this);
		this.discards.end(this::isStored);
	}

	private boolean isStored(CertificateRequest request) {
		PendingRequest pending = this.store.request;
		return pending != null && Objects.equals(request.name(), pending.request().name());
	}

	/** Objects of this certificate that should not be there. */
	List<String> leftBehind() {
		return this.server.objects()
			.stream()
			.filter((object) -> object.owner == this && !object.remains && !isStored(object.request))
			.map(SigningObject::name)
			.toList();
	}

	/** Die in the middle of the next request, before or after the server has it. */
	void dieInRequest(boolean before) {
		this.death = before ? Death.BEFORE_CREATION : Death.AFTER_CREATION;
	}

	boolean diesNow(Death when) {
		if (this.death != when) {
			return false;
		}
		this.death = Death.NONE;
		die();
		this.world.time().schedule(this::start, Duration.ofSeconds(10));
		return true;
	}

	enum Death {

		NONE, BEFORE_CREATION, AFTER_CREATION

	}

}
