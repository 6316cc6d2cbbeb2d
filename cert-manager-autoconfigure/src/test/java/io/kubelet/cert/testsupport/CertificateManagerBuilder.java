package io.kubelet.cert.testsupport;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
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
import io.kubelet.cert.rotation.engine.RotatingCertificateManager;
import io.kubelet.cert.rotation.engine.RotationSettings;
import io.kubelet.cert.rotation.engine.RotationSettings.Request;
import io.kubelet.cert.rotation.engine.RotationSettings.Schedule;
import io.kubelet.cert.rotation.engine.SharedResources;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;

/**
 * Creates managers with a few settings that are not the default.
 */
public final class CertificateManagerBuilder {

	private final String name;

	private String signerName = "unset";

	public @Nullable String signerOrigin;

	private List<Usage> usages = List.of();

	public @Nullable Duration requestedLifetime;

	public KeySpecification key = KeySpecification.EC_P256;

	public boolean once;

	public boolean required;

	public boolean overdueAtLatest;

	private Duration forcedInterval = Schedule.KUBELET.forcedInterval();

	public RetrySchedule retry = Schedule.KUBELET.retry();

	private RequestNaming naming = RequestNaming.BY_KEY;

	private IssuedCertificateCheck check = IssuedCertificateCheck.ofAnyAuthority();

	private @Nullable CertificateStore store;

	private @Nullable RotationScheduler scheduler;

	private @Nullable SignerSource signers;

	private Executor executor = SharedResources.LISTENER_THREADS;

	public UnaryOperator<SharedResources> resources = UnaryOperator.identity();

	private KeyPairSource keys = KeyPairSource.jdk();

	private Clock clock = Clock.systemDefaultZone();

	private @Nullable DoubleSupplier random;

	private @Nullable CertificateTemplate template;

	private @Nullable CertificateTemplateSupplier supplier;

	private @Nullable CertificatePair bootstrapPair;

	private final List<RotationListener> listeners = new ArrayList<>();

	public CertificateManagerBuilder(String name) {
		this.name = name;
	}

	/** Sets what few tests set. */
	public CertificateManagerBuilder with(Consumer<CertificateManagerBuilder> settings) {
		settings.accept(this);
		return this;
	}

	public CertificateManagerBuilder store(CertificateStore store) {
		this.store = store;
		return this;
	}

	public CertificateManagerBuilder scheduler(RotationScheduler scheduler) {
		this.scheduler = scheduler;
		return this;
	}

	public CertificateManagerBuilder executor(Executor executor) {
		this.executor = executor;
		return this;
	}

	public CertificateManagerBuilder signerName(String signerName) {
		this.signerName = signerName;
		return this;
	}

	public CertificateManagerBuilder usages(List<Usage> usages) {
		this.usages = usages;
		return this;
	}

	public CertificateManagerBuilder check(IssuedCertificateCheck check) {
		this.check = check;
		return this;
	}

	/** The application does not start without the certificate. */
	public CertificateManagerBuilder forcedInterval(Duration forcedInterval) {
		this.forcedInterval = forcedInterval;
		return this;
	}

	public CertificateManagerBuilder naming(RequestNaming naming) {
		this.naming = naming;
		return this;
	}

	public CertificateManagerBuilder signers(SignerSource signers) {
		this.signers = signers;
		return this;
	}

	public CertificateManagerBuilder template(CertificateTemplate template) {
		this.template = template;
		return this;
	}

	public CertificateManagerBuilder template(CertificateTemplateSupplier supplier) {
		this.supplier = supplier;
		return this;
	}

	public CertificateManagerBuilder bootstrapPair(CertificatePair bootstrapPair) {
		this.bootstrapPair = bootstrapPair;
		return this;
	}

	public CertificateManagerBuilder keys(KeyPairSource keys) {
		this.keys = keys;
		return this;
	}

	public CertificateManagerBuilder clock(Clock clock) {
		this.clock = clock;
		return this;
	}

	public CertificateManagerBuilder random(DoubleSupplier random) {
		this.random = random;
		return this;
	}

	public CertificateManagerBuilder listener(RotationListener listener) {
		this.listeners.add(listener);
		return this;
	}

	public CertificateManager build() {
		SharedResources defaults = new SharedResources(Objects.requireNonNull(this.scheduler), this.executor, this.keys,
				this.clock);
		SharedResources resources = this.resources.apply(new SharedResources(defaults.scheduler(), this.executor,
				this.keys, this.clock, (this.random != null) ? this.random : defaults.random(), defaults.rounds()));
		CertificateManager manager = new RotatingCertificateManager(
				new RotationSettings(this.name,
						new Request(Signer.of(this.signerName), this.signerOrigin, this.usages, this.requestedLifetime,
								this.key),
						new Schedule(this.once, this.required, RotationWindow.KUBELET, this.overdueAtLatest,
								Schedule.KUBELET.waitTimeout(), this.forcedInterval, this.retry),
						this.naming, this.check, Objects.requireNonNull(this.store), this.signers, resources),
				this.template, this.supplier, this.bootstrapPair);
		this.listeners.forEach(manager::addListener);
		return manager;
	}

}
