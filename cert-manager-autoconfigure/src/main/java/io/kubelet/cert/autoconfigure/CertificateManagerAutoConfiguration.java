package io.kubelet.cert.autoconfigure;

import java.time.Clock;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.addresses.AddressTemplates;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.SettingsConfiguration;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.rotation.engine.SharedResources;
import io.kubelet.cert.rotation.internal.FileWatcher;
import io.kubelet.cert.ssl.BundleSocketFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.annotation.RegisterReflection;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnResource;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.thread.Threading;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * Auto-configuration of the certificates and their rotation, for an application that
 * configures at least one. A bean of the application replaces the scheduler, the signers,
 * or all managers. In a native image, libraries load the socket factory by its name.
 */
@AutoConfiguration
@Conditional(OnConfiguredCertificate.class)
@Import(SettingsConfiguration.class)
@RegisterReflection(classes = BundleSocketFactory.class,
		memberCategories = { MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS, MemberCategory.INVOKE_PUBLIC_METHODS })
public final class CertificateManagerAutoConfiguration {

	/**
	 * The registry and the registrars whose bundles are known from properties. After
	 * ahead-of-time processing, a bean definition does not say more than its name.
	 */
	private static final Set<String> BUNDLES_OF_PROPERTIES = Set.of("sslBundleRegistry",
			"sslPropertiesSslBundleRegistrar", "certificateBundleRegistrar");

	/**
	 * The name or qualifier of the {@link Clock} bean that replaces the system clock.
	 * Other clocks of the application, such as one for its business, are not used.
	 */
	public static final String CLOCK = "certificateClock";

	@Bean
	@ConditionalOnMissingBean
	RotationScheduler kubeletCertScheduler(Environment environment) {
		return Threading.VIRTUAL.isActive(environment) ? SharedScheduler.ofVirtualThreads()
				: SharedScheduler.ofPlatformThreads();
	}

	@Bean
	FileWatcher certificateFileWatcher(RotationScheduler scheduler) {
		return new FileWatcher(scheduler);
	}

	@Bean
	KubernetesConnection certificateConnection(CertificateSettingsList settings, FileWatcher files,
			@Qualifier(CLOCK) ObjectProvider<Clock> clock) {
		CustomizableThreadFactory threads = new CustomizableThreadFactory("certificate-requests-");
		threads.setDaemon(true);
		return new KubernetesConnection(settings.certificates().get(0).properties(), settings.kubernetes(), threads,
				files, clock.getIfAvailable(Clock::systemDefaultZone));
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnResource(resources = KubernetesConnection.CLIENT_CLASS_FILE)
	SignerSource certificateSigners(KubernetesConnection connection) {
		return new ClusterSigners(connection, null);
	}

	@Bean
	CertificateEventPublisher certificateEventPublisher(ApplicationEventPublisher publisher) {
		return new CertificateEventPublisher(publisher);
	}

	@Bean
	static ListenerBeans certificateListenerBeans(ApplicationContext context,
			ObjectProvider<RotationListener> listeners, ObjectProvider<RotationScheduler> scheduler) {
		return new ListenerBeans(context, listeners, scheduler, listenerThreads(context.getEnvironment()));
	}

	/** As a bean, it would replace the task executor of Spring Boot. */
	private static Executor listenerThreads(Environment environment) {
		return Threading.VIRTUAL.isActive(environment)
				? new VirtualThreadTaskExecutor(SharedResources.LISTENER_THREAD_PREFIX)
				: SharedResources.LISTENER_THREADS;
	}

	/**
	 * The managers start when they have been created, and have no other lifecycle, since
	 * their SSL bundles have to exist before the web server, which is created before
	 * anything with a lifecycle is started. They stop after it.
	 */
	@Bean(initMethod = "start", destroyMethod = "stop")
	@Lazy(false)
	@ConditionalOnMissingBean
	CertificateManagers certificateManagers(CertificateSettingsList settings, RotationScheduler scheduler,
			KubernetesConnection connection, FileWatcher files, SignerSource signers,
			ObjectProvider<KeyPairSource> keys, @Qualifier(CLOCK) ObjectProvider<Clock> clock,
			ListableBeanFactory beanFactory, Environment environment) {
		requireBundles(settings, beanFactory, environment);
		Clock time = clock.getIfAvailable(Clock::systemDefaultZone);
		CertificateManagerFactory factory = new CertificateManagerFactory(new SharedResources(scheduler,
				listenerThreads(environment), keys.getIfAvailable(KeyPairSource::jdk).requiringStrongKeys(), time),
				files);
		TemplateSuppliers templates = new TemplateSuppliers(beanFactory, settings.certificates(),
				(certificate, managers) -> AddressTemplates.of(certificate.request().addresses(),
						certificate.request().template(), (node) -> connection.addressesOf(node, managers),
						environment));
		return factory.create(settings, signers, templates, connection);
	}

	/**
	 * Reports a bundle that does not exist before a certificate is requested, which may
	 * need an approval. The bundles of other beans are not known yet.
	 */
	private static void requireBundles(CertificateSettingsList settings, ListableBeanFactory beanFactory,
			Environment environment) {
		if (Stream.of(SslBundles.class, SslBundleRegistrar.class)
			.flatMap((type) -> Stream.of(beanFactory.getBeanNamesForType(type, true, false)))
			.allMatch(BUNDLES_OF_PROPERTIES::contains)) {
			settings.requireBundles(environment);
		}
	}

	/** A mock of the managers in a test has none. */
	@Bean
	@ConditionalOnMissingBean
	@Nullable CertificateManager kubeletCertManager(CertificateManagers managers) {
		return managers.stream().findFirst().orElse(null);
	}

}
