package io.kubelet.cert.rotation.engine;

import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;
import java.util.function.DoubleSupplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link CertificateManager}. Store, scheduler, signer name and usages are
 * required; everything else has the kubelet's default.
 */
public final class CertificateManagerBuilder {

	/** The default wait for an answer. */
	public static final int WAIT_MINUTES = 15;

	/** The default time between two rotations that are requested. */
	public static final int FORCED_SECONDS = 10;

	/** So that a change of the wall clock is noticed. */
	private static final Duration LONGEST_SLEEP = Duration.ofMinutes(1);

	/** How often files that another program manages are compared. */
	private static final Duration STORE_WATCH = Duration.ofSeconds(10);

	private static final Duration WAIT_TIMEOUT = Duration.ofMinutes(WAIT_MINUTES);

	private static final Duration FORCED_INTERVAL = Duration.ofSeconds(FORCED_SECONDS);

	private final String name;

	private @Nullable CertificateStore store;

	private @Nullable RotationScheduler scheduler;

	private Executor executor = Delivery.SHARED_THREADS;

	private @Nullable TemplateRounds rounds;

	private @Nullable String signerName;

	private @Nullable String signerOrigin;

	private @Nullable List<Usage> fixedUsages;

	private @Nullable BiFunction<CertificateTemplate, PublicKey, List<Usage>> usagesByTemplateAndKey;

	private @Nullable Duration requestedLifetime;

	private KeySpecification key = KeySpecification.EC_P256;

	private RotationWindow window = RotationWindow.KUBELET;

	private RetrySchedule retry = RetrySchedule.KUBELET;

	private RequestNaming naming = RequestNaming.BY_KEY;

	private Duration waitTimeout = WAIT_TIMEOUT;

	private Duration forcedInterval = FORCED_INTERVAL;

	private @Nullable Duration idleCheck;

	private boolean once;

	private @Nullable SignerSource signers;

	private @Nullable CertificateTemplate template;

	private @Nullable CertificateTemplateSupplier supplier;

	private @Nullable CertificatePair bootstrapPair;

	private KeyPairSource keys = KeyPairSource.jdk();

	private IssuedCertificateCheck check = IssuedCertificateCheck.ofAnyAuthority();

	private Clock clock = Clock.systemDefaultZone();

	private DoubleSupplier random = () -> ThreadLocalRandom.current().nextDouble();

	private final List<RotationListener> listeners = new ArrayList<>();

	/**
	 * Creates a builder.
	 * @param name the certificate's name
	 */
	public CertificateManagerBuilder(String name) {
		this.name = name;
	}

	/**
	 * Sets where the pair and the pending request are stored.
	 * @param store the store
	 * @return this builder
	 */
	public CertificateManagerBuilder store(CertificateStore store) {
		this.store = store;
		return this;
	}

	/**
	 * Sets what runs the rotation.
	 * @param scheduler the scheduler
	 * @return this builder
	 */
	public CertificateManagerBuilder scheduler(RotationScheduler scheduler) {
		this.scheduler = scheduler;
		return this;
	}

	/**
	 * Sets what runs listeners and template suppliers, which may block.
	 * @param executor runs each task on a thread that no rotation needs; by default
	 * daemon threads that end when idle
	 * @return this builder
	 */
	public CertificateManagerBuilder executor(Executor executor) {
		this.executor = executor;
		return this;
	}

	/**
	 * Sets what asks a supplier of the template that does not signal changes.
	 * @param rounds the rounds, shared with other managers; by default one of its own
	 * @return this builder
	 */
	public CertificateManagerBuilder templateRounds(TemplateRounds rounds) {
		this.rounds = rounds;
		return this;
	}

	/**
	 * Sets how the objects of the requests are named.
	 * @param naming gives the names, {@link RequestNaming#BY_KEY} by default
	 * @return this builder
	 */
	public CertificateManagerBuilder naming(RequestNaming naming) {
		this.naming = naming;
		return this;
	}

	/**
	 * Sets the signer.
	 * @param signerName the signer, {@code domain/path}
	 * @return this builder
	 */
	public CertificateManagerBuilder signerName(String signerName) {
		return signerName(signerName, null);
	}

	/**
	 * Sets the signer and what names it.
	 * @param signerName the signer, {@code domain/path}
	 * @param origin where the name is from, for the log, such as a property; {@code null}
	 * to leave it out
	 * @return this builder
	 */
	public CertificateManagerBuilder signerName(String signerName, @Nullable String origin) {
		this.signerName = signerName;
		this.signerOrigin = origin;
		return this;
	}

	/**
	 * Sets the usages, whatever the key.
	 * @param usages the usages
	 * @return this builder
	 */
	public CertificateManagerBuilder usages(List<Usage> usages) {
		this.fixedUsages = List.copyOf(usages);
		return this;
	}

	/**
	 * Sets a function that determines the usages of a request.
	 * @param usages returns the usages for a template and a public key
	 * @return this builder
	 */
	public CertificateManagerBuilder usages(BiFunction<CertificateTemplate, PublicKey, List<Usage>> usages) {
		this.usagesByTemplateAndKey = usages;
		return this;
	}

	/**
	 * Sets the requested lifetime.
	 * @param requestedLifetime the time, {@code null} to leave it to the signer
	 * @return this builder
	 */
	public CertificateManagerBuilder requestedLifetime(@Nullable Duration requestedLifetime) {
		this.requestedLifetime = requestedLifetime;
		return this;
	}

	/**
	 * Sets the kind of key.
	 * @param key the specification, EC P-256 by default
	 * @return this builder
	 */
	public CertificateManagerBuilder key(KeySpecification key) {
		this.key = key;
		return this;
	}

	/**
	 * Sets the part of the lifetime in which the rotation deadline falls.
	 * @param window the window, from 70 % to 90 % by default
	 * @return this builder
	 */
	public CertificateManagerBuilder window(RotationWindow window) {
		this.window = window;
		return this;
	}

	/**
	 * Sets how long to wait after a failure.
	 * @param retry the schedule, the kubelet's by default
	 * @return this builder
	 */
	public CertificateManagerBuilder retry(RetrySchedule retry) {
		this.retry = retry;
		return this;
	}

	/**
	 * Sets how long to wait for approval and signature before it counts as a failure.
	 * @param waitTimeout the time, 15 minutes by default
	 * @return this builder
	 */
	public CertificateManagerBuilder waitTimeout(Duration waitTimeout) {
		this.waitTimeout = waitTimeout;
		return this;
	}

	/**
	 * Sets how long it takes after a rotation was requested with
	 * {@link CertificateManager#rotate()} until another one can be.
	 * @param forcedInterval the time, 10 seconds by default
	 * @return this builder
	 */
	public CertificateManagerBuilder forcedInterval(Duration forcedInterval) {
		this.forcedInterval = forcedInterval;
		return this;
	}

	/**
	 * Sets the longest time between two checks while nothing is due. A change of the wall
	 * clock, of the stored pair or of the template is noticed within this time.
	 * @param idleCheck the time; by default a minute, or 10 seconds if rotation is off. A
	 * template supplier that does not signal changes is asked each second by default
	 * @return this builder
	 */
	public CertificateManagerBuilder idleCheck(Duration idleCheck) {
		this.idleCheck = idleCheck;
		return this;
	}

	/**
	 * Sets what provides the signer. Without it, rotation is off.
	 * @param signers provides the signer
	 * @return this builder
	 */
	public CertificateManagerBuilder signers(SignerSource signers) {
		this.signers = signers;
		return this;
	}

	/**
	 * Requests a certificate only if there is no valid one, and never rotates it, as a
	 * kubelet bootstraps with rotation off.
	 * @return this builder
	 */
	public CertificateManagerBuilder once() {
		this.once = true;
		return this;
	}

	/**
	 * Sets the template. A supplier takes precedence.
	 * @param template the template
	 * @return this builder
	 */
	public CertificateManagerBuilder template(CertificateTemplate template) {
		this.template = template;
		return this;
	}

	/**
	 * Sets the supplier of the template, whose changes are followed.
	 * @param supplier the supplier
	 * @return this builder
	 */
	public CertificateManagerBuilder template(CertificateTemplateSupplier supplier) {
		this.supplier = supplier;
		return this;
	}

	/**
	 * Sets a pair to use if no valid one is stored.
	 * @param bootstrapPair the pair
	 * @return this builder
	 */
	public CertificateManagerBuilder bootstrapPair(CertificatePair bootstrapPair) {
		this.bootstrapPair = bootstrapPair;
		return this;
	}

	/**
	 * Sets what generates the keys. Weak keys are accepted: see
	 * {@link KeyPairSource#refusingWeakKeys()}.
	 * @param keys the source, the JDK by default
	 * @return this builder
	 */
	public CertificateManagerBuilder keys(KeyPairSource keys) {
		this.keys = keys;
		return this;
	}

	/**
	 * Sets how an issued certificate is checked.
	 * @param check the check; by default one that accepts any authority
	 * @return this builder
	 */
	public CertificateManagerBuilder check(IssuedCertificateCheck check) {
		this.check = check;
		return this;
	}

	/**
	 * Sets the clock.
	 * @param clock the clock, the system's by default
	 * @return this builder
	 */
	public CertificateManagerBuilder clock(Clock clock) {
		this.clock = clock;
		return this;
	}

	/**
	 * Sets the source of randomness for deadlines and waits.
	 * @param random gives numbers in [0, 1)
	 * @return this builder
	 */
	public CertificateManagerBuilder random(DoubleSupplier random) {
		this.random = random;
		return this;
	}

	/**
	 * Adds a listener.
	 * @param listener the listener
	 * @return this builder
	 */
	public CertificateManagerBuilder listener(RotationListener listener) {
		this.listeners.add(listener);
		return this;
	}

	/**
	 * Builds the manager. It reads the store, and does not start.
	 * @return the manager
	 * @throws IllegalStateException if a setting is missing, or usages are set twice
	 * @throws io.kubelet.cert.store.StoreException if the store cannot be read
	 */
	public CertificateManager build() {
		CertificateManager manager = new RotatingCertificateManager(settings(),
				(this.supplier == null) ? this.template : null, this.supplier, this.bootstrapPair,
				(this.idleCheck != null) ? this.idleCheck : (this.signers == null) ? STORE_WATCH : LONGEST_SLEEP,
				rounds());
		this.listeners.forEach(manager::addListener);
		return manager;
	}

	private RotationSettings settings() {
		if ((this.fixedUsages == null) == (this.usagesByTemplateAndKey == null)) {
			throw new IllegalStateException("Usages must be set either fixed or by key, and not both");
		}
		List<Usage> fixed = this.fixedUsages;
		BiFunction<CertificateTemplate, PublicKey, List<Usage>> usages = (fixed != null) ? (template, key) -> fixed
				: require(this.usagesByTemplateAndKey, "usages");
		return new RotationSettings(this.name, this.naming, require(this.signerName, "signer name"), this.signerOrigin,
				fixed, usages, this.requestedLifetime, this.key, this.window, this.waitTimeout, this.retry,
				this.forcedInterval, this.once || this.signers == null, require(this.store, "store"), this.signers,
				this.keys, this.check, require(this.scheduler, "scheduler"), this.executor, this.clock, this.random);
	}

	private @Nullable TemplateRounds rounds() {
		if (this.supplier == null || this.signers == null || this.idleCheck != null) {
			return null;
		}
		return (this.rounds != null) ? this.rounds
				: new TemplateRounds(require(this.scheduler, "scheduler"), this.executor, this.clock);
	}

	private static <T> T require(@Nullable T value, String what) {
		if (value == null) {
			throw new IllegalStateException("No " + what + " is set");
		}
		return value;
	}

}
