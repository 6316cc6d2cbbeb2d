package io.kubelet.cert.rotation.engine;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What a manager begins with: its settings, and the pair that is stored or given.
 *
 * @see CertificateManager
 * @see RotatingCertificateManager
 */
class InitialCertificateTests extends ManagerFixture {

	private final CertificatePair bootstrap = pair(ofHours(1), ofHours(99));

	@Test
	void withoutSignerTheStoredCertificateIsUsedUntilItExpiresAndNothingElseHappens() {
		CertificatePair stored = storePair();
		CertificateManager manager = start(withoutSigner().template(TEMPLATE));
		pass(ofHours(88));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).isEqualTo(State.STATIC);
		assertThat(manager.status().schedule().deadline()).isNull();
		assertThat(manager.rotate()).isCompletedExceptionally();
		assertThat(this.store.request).isNull();
		pass(ofHours(11));
		assertThat(manager.current()).contains(stored);
		pass(ofMillis(1));
		assertThat(manager.current()).isEmpty();
	}

	/** Whoever waits for the first pair reads the status next, on another thread. */
	@Test
	void statusHasThePairAsSoonAsItIsCurrent() {
		CertificateManager manager = builder().build();
		this.store.kept = () -> assertThat(manager.status().pair()).isEqualTo(manager.current().orElse(null));
		manager.start();
		this.time.settle();
		assertThat(manager.current()).isPresent();
		assertThat(this.failures).isEmpty();
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

	/** The signer makes no difference. */
	@ParameterizedTest
	@CsvSource({ "NONE, false, NONE, ISSUED", "NONE, true, BOOTSTRAP, ISSUED", "STORED, false, STORED, STORED",
			"STORED, true, STORED, STORED", "EXPIRED, false, NONE, ISSUED" })
	void certificateBeforeAndAfterTheStart(Kept stored, boolean hasBootstrap, Kept before, Kept after) {
		CertificatePair original = switch (stored) {
			case STORED -> storePair();
			case EXPIRED -> storePair(ofHours(10), ofHours(-1));
			default -> null;
		};
		CertificateManager manager = (hasBootstrap ? builder().bootstrapPair(this.bootstrap) : builder()).build();
		assertThat(kept(manager, original)).isEqualTo(before);
		assertThat(this.store.pair).isEqualTo(manager.current().orElse(original));
		assertThat(START.equals(manager.status().schedule().deadline())).isEqualTo(after == Kept.ISSUED);
		manager.start();
		this.time.settle();
		assertThat(kept(manager, original)).isEqualTo(after);
		assertThat(this.signer.requests).hasSize((after == Kept.ISSUED) ? 1 : 0);
	}

	private Kept kept(CertificateManager manager, @Nullable CertificatePair original) {
		CertificatePair current = manager.current().orElse(null);
		return (current == null) ? Kept.NONE : current.equals(original) ? Kept.STORED
				: current.equals(this.bootstrap) ? Kept.BOOTSTRAP : Kept.ISSUED;
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
