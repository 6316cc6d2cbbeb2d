package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
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

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * What a manager begins with: its settings, and the pair that is stored or given.
 */
@ExtendWith(OutputCaptureExtension.class)
class InitialCertificateTests {

	private final ManagerFixture fixture = new ManagerFixture();

	private final CertificatePair bootstrap = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));

	@Test
	void withoutSignerTheStoredCertificateIsUsedAndNothingElseHappens() {
		CertificatePair stored = this.fixture.storePair();
		CertificateManager manager = this.fixture.start(this.fixture.withoutSigner().template(ManagerFixture.TEMPLATE));
		this.fixture.time.pass(Duration.ofHours(88));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).isEqualTo(State.STATIC);
		assertThat(manager.status().schedule().deadline()).isNull();
		assertThat(manager.rotate()).isCompletedExceptionally();
		assertThat(this.fixture.store.request).isNull();
	}

	@Test
	void bootstrapPairIsUsedStoredAndRotatedAtOnce() {
		CertificateManager manager = this.fixture.builder().bootstrapPair(this.bootstrap).build();
		assertThat(manager.current()).contains(this.bootstrap);
		assertThat(this.fixture.store.pair).isEqualTo(this.bootstrap);
		manager.start();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.requests).hasSize(1);
		assertThat(this.fixture.credentials).containsExactly(this.bootstrap);
	}

	@Test
	void bootstrapPairIsUsedAlsoIfItCannotBeStored(CapturedOutput output) {
		this.fixture.store.writeFails = true;
		CertificateManager manager = this.fixture.start(this.fixture.withoutSigner().bootstrapPair(this.bootstrap));
		assertThat(manager.current()).contains(this.bootstrap);
		assertThat(this.fixture.store.pair).isNull();
		assertThat(output).contains("The bootstrap pair is used, but could not be stored: The disk is on fire",
				"[kubelet-client] Using the stored certificate");
	}

	@Test
	void storeThatCannotBeReadFailsTheConstruction() {
		this.fixture.store.readFails = true;
		CertificateManagerBuilder builder = this.fixture.builder().bootstrapPair(this.bootstrap);
		assertThatExceptionOfType(StoreException.class).isThrownBy(builder::build);
	}

	@Test
	void rotationIsDueBeforeTheStartUnlessWhatIsStoredIsAsItShouldBe() {
		assertThat(deadline(ManagerFixture.TEMPLATE)).isEqualTo(ManagerFixture.START);
		CertificatePair stored = this.fixture.storePair();
		assertThat(deadline(ManagerFixture.TEMPLATE)).isEqualTo(RotationWindow.KUBELET.deadline(stored, 0));
		assertThat(deadline(CertificateTemplate.ofSubject("another"))).isEqualTo(ManagerFixture.START);
	}

	private @Nullable Instant deadline(CertificateTemplate template) {
		return this.fixture.builder().template(template).build().status().schedule().deadline();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("clients")
	void certificateBeforeAndAfterTheStart(String name, Kept stored, boolean hasBootstrap, Kept before, Kept after) {
		String signerName = name.startsWith("other") ? "example.com/another" : "kubernetes.io/kube-apiserver-client";
		this.fixture.store.pair = switch (stored) {
			case STORED -> this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));
			case EXPIRED -> this.fixture.pair(Duration.ofHours(10), Duration.ofHours(-1));
			default -> null;
		};
		CertificatePair original = this.fixture.store.pair;
		CertificateManagerBuilder builder = this.fixture.builder()
			.signerName(signerName)
			.template(ManagerFixture.TEMPLATE);
		if (hasBootstrap) {
			builder.bootstrapPair(this.bootstrap);
		}
		CertificateManager manager = builder.build();
		assertThat(kept(manager, original)).isEqualTo(before);
		manager.start();
		this.fixture.time.settle();
		assertThat(kept(manager, original)).isEqualTo(after);
		assertThat(this.fixture.signer.requests).hasSize((after == Kept.ISSUED) ? 1 : 0)
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
		if (current == null) {
			return Kept.NONE;
		}
		return current.equals(original) ? Kept.STORED : current.equals(this.bootstrap) ? Kept.BOOTSTRAP : Kept.ISSUED;
	}

	@Test
	void currentIsEmptyOnceTheCertificateHasExpired() {
		CertificatePair stored = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(1));
		this.fixture.store.pair = stored;
		CertificateManager manager = this.fixture.withoutSigner().template(ManagerFixture.TEMPLATE).build();
		this.fixture.time.pass(Duration.ofHours(1));
		assertThat(manager.current()).contains(stored);
		this.fixture.time.pass(Duration.ofMillis(1));
		assertThat(manager.current()).isEmpty();
	}

	@Test
	void signerIsAskedForAtEachAttemptWithTheCurrentCertificate() {
		CertificateManager manager = this.fixture.start();
		CertificatePair first = manager.current().orElseThrow();
		this.fixture.signer.failsWith((request) -> new IllegalStateException("a glitch"));
		manager.rotate();
		this.fixture.time.pass(Duration.ofSeconds(3));
		assertThat(this.fixture.credentials).containsExactly(null, first, first);
	}

	enum Kept {

		NONE, STORED, EXPIRED, BOOTSTRAP, ISSUED

	}

	@Test
	void templateSupplierWinsOverAFixedTemplateWhicheverIsGivenFirst() {
		CertificateTemplate supplied = CertificateTemplate.ofSubject("supplied");
		CertificateTemplate fixed = CertificateTemplate.ofSubject("fixed");
		CertificateTemplateSupplier supplier = () -> Optional.of(supplied);
		assertThat(this.fixture.start(this.fixture.builder().template(supplier).template(fixed))
			.status()
			.requested()
			.template()).isEqualTo(supplied);
		assertThat(this.fixture.start(this.fixture.builder().template(fixed).template(supplier))
			.status()
			.requested()
			.template()).isEqualTo(supplied);
	}

}
