package io.kubelet.cert.rotation;

import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link CertificateManager}. Store, scheduler, signer name and usages must be
 * given; everything else has the kubelet's default.
 */
public final class CertificateManagerBuilder {

	/** How long the wall clock is left alone at most (contract row B10). */
	private static final Duration LONGEST_SLEEP = Duration.ofMinutes(1);

	/** How often a template that can change is looked at (contract row C11). */
	private static final Duration TEMPLATE_WATCH = Duration.ofSeconds(1);

	/**
	 * How often a pair that someone else manages is looked at; a look is but a question
	 * for the state of its files.
	 */
	private static final Duration STORE_WATCH = Duration.ofSeconds(10);

	private final String name;

	private @Nullable CertificateStore store;

	private @Nullable RotationScheduler scheduler;

	private @Nullable String signerName;

	private @Nullable List<Usage> fixedUsages;

	private @Nullable BiFunction<CertificateTemplate, PublicKey, List<Usage>> usagesByTemplateAndKey;

	private @Nullable Duration requestedLifetime;

	private KeySpecification key = KeySpecification.EC_P256;

	private RotationWindow window = RotationWindow.KUBELET;

	private RetrySchedule retry = RetrySchedule.KUBELET;

	private RequestNaming naming = RequestNaming.BY_KEY;

	private Duration waitTimeout = Duration.ofMinutes(15);

	private @Nullable Duration idleCheck;

	private boolean once;

	@Nullable SignerSource signers;

	CertificateTemplateSupplier templates = Optional::empty;

	boolean templateIsDynamic;

	@Nullable CertificatePair bootstrapPair;

	KeyPairSource keys = KeyPairSource.jdk();

	IssuedCertificateCheck check = new IssuedCertificateCheck(List::of);

	Clock clock = Clock.systemDefaultZone();

	DoubleSupplier random = () -> ThreadLocalRandom.current().nextDouble();

	final List<RotationListener> listeners = new ArrayList<>();

	/**
	 * Begin.
	 * @param name the certificate's name
	 */
	public CertificateManagerBuilder(String name) {
		this.name = name;
	}

	/**
	 * Set where the pair and the open request are kept.
	 * @param store the store
	 * @return this builder
	 */
	public CertificateManagerBuilder store(CertificateStore store) {
		this.store = store;
		return this;
	}

	/**
	 * Set what runs the rotation.
	 * @param scheduler the scheduler
	 * @return this builder
	 */
	public CertificateManagerBuilder scheduler(RotationScheduler scheduler) {
		this.scheduler = scheduler;
		return this;
	}

	/**
	 * Set how the objects of the requests are named.
	 * @param naming gives the names, {@link RequestNaming#BY_KEY} by default
	 * @return this builder
	 */
	public CertificateManagerBuilder naming(RequestNaming naming) {
		this.naming = naming;
		return this;
	}

	/**
	 * Set who signs.
	 * @param signerName the signer, {@code domain/path}
	 * @return this builder
	 */
	public CertificateManagerBuilder signerName(String signerName) {
		this.signerName = signerName;
		return this;
	}

	/**
	 * Set the usages, whatever the key (contract row C1).
	 * @param usages the usages
	 * @return this builder
	 */
	public CertificateManagerBuilder usages(List<Usage> usages) {
		this.fixedUsages = List.copyOf(usages);
		return this;
	}

	/**
	 * Set the usages by the key (contract row C1).
	 * @param usages tells the usages for a public key
	 * @return this builder
	 */
	public CertificateManagerBuilder usages(Function<PublicKey, List<Usage>> usages) {
		return usages((template, key) -> usages.apply(key));
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
	 * Set how long the certificate is to be valid.
	 * @param requestedLifetime the time, {@code null} to leave it to the signer
	 * @return this builder
	 */
	public CertificateManagerBuilder requestedLifetime(@Nullable Duration requestedLifetime) {
		this.requestedLifetime = requestedLifetime;
		return this;
	}

	/**
	 * Set the kind of key.
	 * @param key the specification, EC P-256 by default
	 * @return this builder
	 */
	public CertificateManagerBuilder key(KeySpecification key) {
		this.key = key;
		return this;
	}

	/**
	 * Set in which part of a lifetime the rotation deadline falls.
	 * @param window the window, from 70 % to 90 % by default
	 * @return this builder
	 */
	public CertificateManagerBuilder window(RotationWindow window) {
		this.window = window;
		return this;
	}

	/**
	 * Set how long to wait after a failure.
	 * @param retry the schedule, the kubelet's by default
	 * @return this builder
	 */
	public CertificateManagerBuilder retry(RetrySchedule retry) {
		this.retry = retry;
		return this;
	}

	/**
	 * Set how long to wait for approval and signature before it counts as a failure.
	 * @param waitTimeout the time, 15 minutes by default
	 * @return this builder
	 */
	public CertificateManagerBuilder waitTimeout(Duration waitTimeout) {
		this.waitTimeout = waitTimeout;
		return this;
	}

	/**
	 * Set how long the certificate is left alone at most while nothing is due. Within
	 * this time a change of the wall clock, of the stored pair and of the template is
	 * noticed (contract rows B9, B10 and C11).
	 * @param idleCheck the time; by default a minute, a second with a template supplier,
	 * or 10 seconds if rotation is off (contract row C28)
	 * @return this builder
	 */
	public CertificateManagerBuilder idleCheck(Duration idleCheck) {
		this.idleCheck = idleCheck;
		return this;
	}

	/**
	 * Set who is asked for a certificate. Without it rotation is off (contract row C4).
	 * @param signers hands out the signer
	 * @return this builder
	 */
	public CertificateManagerBuilder signers(SignerSource signers) {
		this.signers = signers;
		return this;
	}

	/**
	 * Request a certificate only while there is none that is valid, and use one that is
	 * there as it is: the kubelet's bootstrap with rotation off (contract row C25).
	 * @return this builder
	 */
	public CertificateManagerBuilder once() {
		this.once = true;
		return this;
	}

	/**
	 * Set what the certificate is to say. A supplier wins over it (contract row C1).
	 * @param template the template
	 * @return this builder
	 */
	public CertificateManagerBuilder template(CertificateTemplate template) {
		if (!this.templateIsDynamic) {
			this.templates = () -> Optional.of(template);
		}
		return this;
	}

	/**
	 * Set who says what the certificate is to say. The answer is watched.
	 * @param templates the supplier
	 * @return this builder
	 */
	public CertificateManagerBuilder template(CertificateTemplateSupplier templates) {
		this.templates = templates;
		this.templateIsDynamic = true;
		return this;
	}

	/**
	 * Set a pair to use if none that is valid is stored (contract row C2).
	 * @param bootstrapPair the pair
	 * @return this builder
	 */
	public CertificateManagerBuilder bootstrapPair(CertificatePair bootstrapPair) {
		this.bootstrapPair = bootstrapPair;
		return this;
	}

	/**
	 * Set what makes the keys. What it makes is used as it is: see
	 * {@link KeyPairSource#refusingWeakKeys()}.
	 * @param keys the source, the JDK by default
	 * @return this builder
	 */
	public CertificateManagerBuilder keys(KeyPairSource keys) {
		this.keys = keys;
		return this;
	}

	/**
	 * Set how an issued certificate is checked.
	 * @param check the check; by default one that knows no authorities
	 * @return this builder
	 */
	public CertificateManagerBuilder check(IssuedCertificateCheck check) {
		this.check = check;
		return this;
	}

	/**
	 * Set the clock.
	 * @param clock the clock, the system's by default
	 * @return this builder
	 */
	public CertificateManagerBuilder clock(Clock clock) {
		this.clock = clock;
		return this;
	}

	/**
	 * Set the source of randomness for deadlines and waits.
	 * @param random gives numbers in [0, 1)
	 * @return this builder
	 */
	public CertificateManagerBuilder random(DoubleSupplier random) {
		this.random = random;
		return this;
	}

	/**
	 * Add a listener.
	 * @param listener the listener
	 * @return this builder
	 */
	public CertificateManagerBuilder listener(RotationListener listener) {
		this.listeners.add(listener);
		return this;
	}

	/**
	 * Make the manager. It reads the store, and does not start.
	 * @return the manager
	 * @throws IllegalStateException if a setting is missing, or usages are given twice
	 * @throws io.kubelet.cert.store.StoreException if the store cannot be read
	 */
	public CertificateManager build() {
		return new RotatingCertificateManager(this);
	}

	RotationSettings settings() {
		if ((this.fixedUsages == null) == (this.usagesByTemplateAndKey == null)) {
			throw new IllegalStateException("Usages are given either fixed or by the key, not both and not neither");
		}
		List<Usage> fixed = this.fixedUsages;
		BiFunction<CertificateTemplate, PublicKey, List<Usage>> usages = (fixed != null) ? (template, key) -> fixed
				: require(this.usagesByTemplateAndKey, "usages");
		return new RotationSettings(this.name, this.naming, require(this.signerName, "signer name"), fixed, usages,
				this.requestedLifetime, this.key, this.window, this.waitTimeout, this.retry, this.once);
	}

	Duration idleCheck() {
		Duration idleCheck = this.idleCheck;
		return (idleCheck != null) ? idleCheck
				: (this.signers == null) ? STORE_WATCH : this.templateIsDynamic ? TEMPLATE_WATCH : LONGEST_SLEEP;
	}

	CertificateStore store() {
		return require(this.store, "store");
	}

	RotationScheduler scheduler() {
		return require(this.scheduler, "scheduler");
	}

	private static <T> T require(@Nullable T value, String what) {
		if (value == null) {
			throw new IllegalStateException("There is no " + what);
		}
		return value;
	}

}
