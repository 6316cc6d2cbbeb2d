package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * What a manager begins with: its settings, and the pair that is stored or given.
 */
@ExtendWith(OutputCaptureExtension.class)
class InitialCertificateTests extends ManagerFixture {

	private final CertificatePair bootstrap = pair(ofHours(1), ofHours(99));

	@Test
	void withoutSignerTheStoredCertificateIsUsedAndNothingElseHappens() {
		CertificatePair stored = storePair();
		CertificateManager manager = start(withoutSigner().template(TEMPLATE));
		pass(ofHours(88));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).isEqualTo(State.STATIC);
		assertThat(manager.status().schedule().deadline()).isNull();
		assertThat(manager.rotate()).isCompletedExceptionally();
		assertThat(this.store.request).isNull();
	}

	@Test
	void bootstrapPairIsUsedStoredAndRotatedAtOnce() {
		CertificateManager manager = builder().bootstrapPair(this.bootstrap).build();
		assertThat(manager.current()).contains(this.bootstrap);
		assertThat(this.store.pair).isEqualTo(this.bootstrap);
		manager.start();
		this.time.settle();
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.credentials).containsExactly(this.bootstrap);
	}

	@Test
	void bootstrapPairIsUsedAlsoIfItCannotBeStored(CapturedOutput output) {
		this.store.writeFails = true;
		CertificateManager manager = start(withoutSigner().bootstrapPair(this.bootstrap));
		assertThat(manager.current()).contains(this.bootstrap);
		assertThat(this.store.pair).isNull();
		assertThat(output).contains("The bootstrap pair is used, but could not be stored: The disk is on fire",
				"[kubelet-client] Using the stored certificate");
	}

	@Test
	void storeThatCannotBeReadFailsTheConstruction() {
		this.store.readFails = true;
		CertificateManagerBuilder builder = builder().bootstrapPair(this.bootstrap);
		assertThatExceptionOfType(StoreException.class).isThrownBy(builder::build);
	}

	@Test
	void rotationIsDueBeforeTheStartUnlessWhatIsStoredIsAsItShouldBe() {
		assertThat(deadline(TEMPLATE)).isEqualTo(START);
		CertificatePair stored = storePair();
		assertThat(deadline(TEMPLATE)).isEqualTo(RotationWindow.KUBELET.deadline(stored, 0));
		assertThat(deadline(CertificateTemplate.ofSubject("another"))).isEqualTo(START);
	}

	private @Nullable Instant deadline(CertificateTemplate template) {
		return builder().template(template).build().status().schedule().deadline();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("clients")
	void certificateBeforeAndAfterTheStart(String name, Kept stored, boolean hasBootstrap, Kept before, Kept after) {
		this.store.pair = switch (stored) {
			case STORED -> pair(ofHours(1), ofHours(99));
			case EXPIRED -> pair(ofHours(10), ofHours(-1));
			default -> null;
		};
		CertificatePair original = this.store.pair;
		String signerName = name.startsWith("other") ? "example.com/another" : "kubernetes.io/kube-apiserver-client";
		CertificateManagerBuilder builder = builder().signerName(signerName);
		if (hasBootstrap) {
			builder.bootstrapPair(this.bootstrap);
		}
		CertificateManager manager = builder.build();
		assertThat(kept(manager, original)).isEqualTo(before);
		manager.start();
		this.time.settle();
		assertThat(kept(manager, original)).isEqualTo(after);
		assertThat(this.signer.requests).hasSize((after == Kept.ISSUED) ? 1 : 0)
			.allMatch((request) -> request.signerName().equals(signerName));
	}

	static Stream<Arguments> clients() {
		return Stream.of(arguments("nothing", Kept.NONE, false, Kept.NONE, Kept.ISSUED),
				arguments("nothing and the v1 API alone", Kept.NONE, false, Kept.NONE, Kept.ISSUED),
				arguments("nothing stored and no bootstrap", Kept.NONE, false, Kept.NONE, Kept.ISSUED),
				arguments("bootstrap", Kept.NONE, true, Kept.BOOTSTRAP, Kept.ISSUED),
				arguments("store", Kept.STORED, false, Kept.STORED, Kept.STORED),
				arguments("certificate from the store", Kept.STORED, false, Kept.STORED, Kept.STORED),
				arguments("store and bootstrap", Kept.STORED, true, Kept.STORED, Kept.STORED),
				arguments("expired store", Kept.EXPIRED, false, Kept.NONE, Kept.ISSUED),
				arguments("other: nothing", Kept.NONE, false, Kept.NONE, Kept.ISSUED),
				arguments("other: bootstrap", Kept.NONE, true, Kept.BOOTSTRAP, Kept.ISSUED),
				arguments("other: store", Kept.STORED, false, Kept.STORED, Kept.STORED),
				arguments("other: store and bootstrap", Kept.STORED, true, Kept.STORED, Kept.STORED));
	}

	private Kept kept(CertificateManager manager, @Nullable CertificatePair original) {
		CertificatePair current = manager.current().orElse(null);
		return (current == null) ? Kept.NONE : current.equals(original) ? Kept.STORED
				: current.equals(this.bootstrap) ? Kept.BOOTSTRAP : Kept.ISSUED;
	}

	@Test
	void currentIsEmptyOnceTheCertificateHasExpired() {
		CertificatePair stored = storePair(ofHours(1), ofHours(1));
		CertificateManager manager = withoutSigner().build();
		pass(ofHours(1));
		assertThat(manager.current()).contains(stored);
		pass(ofMillis(1));
		assertThat(manager.current()).isEmpty();
	}

	@Test
	void signerIsAskedForAtEachAttemptWithTheCurrentCertificate() {
		CertificateManager manager = start();
		CertificatePair first = manager.current().orElseThrow();
		this.signer.failsWith((request) -> new IllegalStateException("a glitch"));
		manager.rotate();
		pass(ofSeconds(3));
		assertThat(this.credentials).containsExactly(null, first, first);
	}

	@Test
	void templateSupplierWinsOverAFixedTemplate() {
		CertificateTemplate supplied = CertificateTemplate.ofSubject("supplied");
		CertificateManager manager = start(builder().template(() -> Optional.of(supplied)).template(TEMPLATE));
		assertThat(manager.status().requested().template()).isEqualTo(supplied);
	}

	enum Kept {

		NONE, STORED, EXPIRED, BOOTSTRAP, ISSUED

	}

}
