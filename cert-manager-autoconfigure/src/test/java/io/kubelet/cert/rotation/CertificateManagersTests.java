package io.kubelet.cert.rotation;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.MemoryStore;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Several certificates in one application.
 */
class CertificateManagersTests extends ManagerFixture {

	private final FakeSigner otherSigner = new FakeSigner(this.authority, this.time);

	private final CertificateManager first = builder().build();

	private final CertificateManager other = new CertificateManagerBuilder("kubelet-server").store(new MemoryStore())
		.scheduler(this.time)
		.executor(Runnable::run)
		.clock(this.time)
		.signerName("kubernetes.io/kubelet-serving")
		.usages(List.of())
		.template(TEMPLATE)
		.signers((current) -> this.otherSigner)
		.build();

	private final CertificateManagers managers = new CertificateManagers(List.of(this.first, this.other));

	@Test
	void managersAreFoundByNameAndKeepTheirOrder() {
		assertThat(this.managers).containsExactly(this.first, this.other);
		assertThat(this.managers.names()).containsExactly("kubelet-client", "kubelet-server");
		assertThat(this.managers.get("kubelet-server")).isSameAs(this.other);
		assertThat(this.managers.find("kubelet-client")).containsSame(this.first);
		assertThat(this.managers.find("none")).isEmpty();
	}

	@Test
	void namesThatAreUnknownOrGivenTwiceAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> this.managers.get("none"))
			.withMessage("There is no certificate 'none'. The certificates are [kubelet-client, kubelet-server]");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new CertificateManagers(List.of(this.first, this.other, this.first)))
			.withMessage("Two certificates are named 'kubelet-client'");
	}

	@Test
	void allAreStartedAndStoppedTogether() {
		this.managers.start();
		this.time.settle();
		assertThat(this.managers).allSatisfy((manager) -> assertThat(manager.current()).isPresent());
		this.managers.stop();
		this.time.settle();
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void othersStartOnceTheFirstHasACertificate() {
		this.signer.holds();
		this.managers.startInOrder();
		pass(Duration.ofMinutes(2));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.otherSigner.requests).isEmpty();
		answer(0);
		assertThat(this.otherSigner.requests).hasSize(1);
		assertThat(this.other.current()).isPresent();
	}

	@Test
	void othersStartAtOnceIfTheFirstHasACertificateAlready() {
		storePair();
		CertificateManager stored = builder().build();
		new CertificateManagers(List.of(stored, this.other)).startInOrder();
		this.time.settle();
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.other.current()).isPresent();
	}

}
