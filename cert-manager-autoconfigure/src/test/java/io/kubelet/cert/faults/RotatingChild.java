package io.kubelet.cert.faults;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.signing.KubernetesSigners;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import org.slf4j.LoggerFactory;

/**
 * A process that rotates without a pause until it is killed, or once.
 */
final class RotatingChild {

	/** No pair is removed, so that every one can be counted. */
	private static final int RETAIN = 100_000;

	private RotatingChild() {
	}

	/**
	 * Run it: it says when it begins and when it has rotated, and ends with its input.
	 * @param args the store's directory, a kubeconfig, and the number of rotations
	 */
	public static void main(String[] args) throws Exception {
		((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
		Clock clock = Clock.systemUTC();
		IssuerReference issuer = new IssuerReference("ClusterIssuer", "internal", IssuerReference.CERT_MANAGER);
		KubernetesSigners signers = KubernetesSigners.ofCertManager(issuer, "shop", Map.of(),
				new ApiClientProvider(Path.of(args[1]), null, null, Thread::new, clock), clock);
		CertificateManager manager = new CertificateManagerBuilder("shop")
			.store(new FileCertificateStore(Path.of(args[0]), "shop", null, RETAIN, clock))
			.scheduler(RotationScheduler.of(Executors.newScheduledThreadPool(2)))
			.signerName(issuer.toString())
			.template(CertificateTemplate.ofSubject("shop"))
			.forcedInterval(Duration.ZERO)
			.signers(signers::signer)
			.build();
		manager.start();
		System.out.println("rotating");
		for (int left = Integer.parseInt(args[2]); left > 0; left--) {
			// Other rotations follow each other after hours, not during a deletion
			while (Files.exists(Path.of(args[0], "shop-request.pem"))) {
				Thread.onSpinWait();
			}
			manager.rotate().get(1, TimeUnit.MINUTES);
			System.out.println("rotated");
		}
		System.in.read();
		System.exit(0);
	}

}
