package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.peers.PeerIdentity;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.kubelet.PodCertificateVolume;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.ProjectFiles;
import io.kubelet.cert.testsupport.SimulatedTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The volume of a pod certificate, as a kubelet 1.34 wrote and refreshed it: one file
 * with the key first and a certificate with an empty subject and one URI.
 *
 * @see io.kubelet.cert.store.ManagedFilesStore
 * @see "cert-manager-autoconfigure/src/test/resources/pod-certificate"
 */
@ExtendWith(OutputCaptureExtension.class)
class PodCertificateTests {

	/** At the time of the last one, all three are valid. */
	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-12-01T00:36:00Z"));

	@TempDir
	private Path volume;

	/** The third one is of another authority. */
	@Test
	void fileThatHoldsCertificateAndKeyIsAllThatIsNamed() {
		refresh(1);
		CertificateContexts.starter()
			.withBean("certificateClock", SimulatedTime.class, () -> this.time)
			.withPropertyValues("kubelet.cert.rotate-certificates=false",
					"kubelet.cert.cert-dir=" + this.volume.resolve("nowhere"),
					"kubelet.cert.tls-cert-file=" + this.volume.resolve("credentialbundle.pem"),
					"kubelet.cert.ssl.trust-file=" + this.volume.resolve("roots.pem"),
					"kubelet.cert.ssl.trust-overlap=0s")
			.run((context) -> {
				CertificateManager manager = context.getBean(CertificateManager.class);
				assertThat(manager.current()).contains(pair(1));
				assertThat(PeerIdentity.of(pair(1).leaf()))
					.isEqualTo(new PeerIdentity(List.of("spiffe://cluster.local/ns/podcert/sa/app"), List.of(), null));
				for (int generation : new int[] { 2, 3 }) {
					refresh(generation);
					this.time.pass(Duration.ofSeconds(10));
					await().untilAsserted(() -> assertThat(manager.current()).contains(pair(generation)));
				}
				await().untilAsserted(() -> {
					this.time.pass(Duration.ofSeconds(1));
					assertThat(IntStream.of(1, 2, 3).filter((generation) -> isTrusted(context, generation)).toArray())
						.containsExactly(3);
				});
			});
	}

	/**
	 * The second generation of split files differs from the first one in nothing but the
	 * order of the authorities.
	 */
	@ParameterizedTest
	@CsvSource({ "split, 3, certificates.pem, key.pem, signer-roots.pem",
			"group, 2, tls/certificates.pem, tls/key.pem, roots.pem",
			"group, 2, tls/credentialbundle.pem, tls/credentialbundle.pem, roots.pem",
			"user, 2, credentialbundle.pem, credentialbundle.pem, roots.pem" })
	void filesOfEachOtherVolumeAreFollowed(String kind, int generations, String certificates, String key,
			String authorities) {
		refresh(kind, 1, certificates, key, authorities);
		CertificateContexts.starter()
			.withBean("certificateClock", SimulatedTime.class, () -> this.time)
			.withPropertyValues("kubelet.cert.rotate-certificates=false",
					"kubelet.cert.tls-cert-file=" + this.volume.resolve(certificates),
					"kubelet.cert.tls-private-key-file=" + this.volume.resolve(key),
					"kubelet.cert.ssl.trust-file=" + this.volume.resolve(authorities))
			.run((context) -> {
				CertificateManager manager = context.getBean(CertificateManager.class);
				for (int generation = 2; generation <= generations; generation++) {
					refresh(kind, generation, certificates, key, authorities);
					this.time.pass(Duration.ofSeconds(10));
					String next = kind + "/" + generation;
					await().until(() -> manager.current().orElseThrow(),
							Pem.readPair(fixture(next, certificates), fixture(next, key))::equals);
				}
				assertThat(manager.status().rotations().history()).hasSize(1);
			});
	}

	/** The kubelet writes an empty file. */
	@Test
	void authoritiesThatAreNotPublishedAnyMoreRemainTrusted(CapturedOutput output) {
		refresh("lost-bundle-optional", 1, "credentialbundle.pem", "roots.pem");
		CertificateContexts.starter()
			.withBean("certificateClock", SimulatedTime.class, () -> this.time)
			.withPropertyValues("kubelet.cert.rotate-certificates=false",
					"kubelet.cert.tls-cert-file=" + this.volume.resolve("credentialbundle.pem"),
					"kubelet.cert.ssl.trust-file=" + this.volume.resolve("roots.pem"))
			.run((context) -> {
				refresh("lost-bundle-optional", 2, "credentialbundle.pem", "roots.pem");
				this.time.pass(Duration.ofSeconds(10));
				assertThat(output).contains("it is read again, since another program may be replacing it");
				this.time.pass(Duration.ofSeconds(10));
				assertThat(output).contains("the certificate authorities that were read before remain trusted");
				assertThat(trust(context).getAcceptedIssuers())
					.containsExactlyElementsOf(Pem.readCertificates(fixture("lost-bundle-optional/1", "roots.pem")));
			});
	}

	@ParameterizedTest
	@CsvSource({ "rsa3072, RSA 3072", "ecdsap384, EC P-384", "ecdsap521, EC P-521", "ed25519, Ed25519" })
	void pairOfEachOtherTypeOfKeyIsRead(String type, String key) {
		CertificatePair pair = Pem.readPair(fixture("keys", type + ".pem"));
		assertThat(KeySpecification.describe(pair.leaf().getPublicKey())).isEqualTo(key);
		assertThat(Pem.readPair(Pem.write(pair))).isEqualTo(pair);
	}

	private static boolean isTrusted(ApplicationContext context, int generation) {
		return List.of(trust(context).getAcceptedIssuers())
			.containsAll(Pem.readCertificates(fixture(generation, "roots.pem")));
	}

	private static X509TrustManager trust(ApplicationContext context) {
		return (X509TrustManager) context.getBean(SslBundles.class)
			.getBundle("kubelet-client")
			.getManagers()
			.getTrustManagers()[0];
	}

	private void refresh(int generation) {
		refresh(".", generation, "credentialbundle.pem", "roots.pem");
	}

	private void refresh(String kind, int generation, String... files) {
		PodCertificateVolume.in(this.volume, this.time)
			.write(Stream.of(files)
				.distinct()
				.collect(Collectors.toMap((file) -> file, (file) -> fixture(kind + "/" + generation, file))));
	}

	private static CertificatePair pair(int generation) {
		return Pem.readPair(fixture(generation, "credentialbundle.pem"));
	}

	private static String fixture(Object directory, String file) {
		return ProjectFiles
			.read("cert-manager-autoconfigure/src/test/resources/pod-certificate/%s/%s".formatted(directory, file));
	}

}
