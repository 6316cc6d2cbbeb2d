package io.kubelet.cert.rotation;

import java.util.List;

import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.MemoryStore;
import org.junit.jupiter.api.Test;

import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Several certificates in one application.
 *
 * @see CertificateManagers
 */
class CertificateManagersTests extends ManagerFixture {

	private final ManagerFixture others = new ManagerFixture();

	private final CertificateManager other = new CertificateManagerBuilder("kubelet-server").store(new MemoryStore())
		.scheduler(this.time)
		.executor(Runnable::run)
		.clock(this.time)
		.signerName("kubernetes.io/kubelet-serving")
		.template(TEMPLATE)
		.signers((current) -> this.others.signer)
		.build();

	@Test
	void managersAreFoundByNameAndKeepTheirOrder() {
		CertificateManager first = builder().build();
		CertificateManagers managers = new CertificateManagers(List.of(first, this.other));
		assertThat(managers).containsExactly(first, this.other);
		assertThat(managers.names()).containsExactly("kubelet-client", "kubelet-server");
		assertThat(managers.get("kubelet-server")).isSameAs(this.other);
		assertThat(managers.find("kubelet-client")).containsSame(first);
		assertThat(managers.find("none")).isEmpty();
		assertThatIllegalArgumentException().isThrownBy(() -> managers.get("none"))
			.withMessage("There is no certificate 'none'. The certificates are [kubelet-client, kubelet-server]");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new CertificateManagers(List.of(first, this.other, first)))
			.withMessage("Two certificates are named 'kubelet-client'");
	}

	@Test
	void othersStartOnceTheFirstHasACertificateAndAllAreStoppedTogether() {
		this.signer.holds();
		CertificateManagers managers = new CertificateManagers(List.of(builder().build(), this.other), true);
		managers.start();
		pass(ofMinutes(2));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.others.signer.requests).isEmpty();
		answer(0);
		assertThat(this.others.signer.requests).hasSize(1);
		assertThat(managers).allSatisfy((manager) -> assertThat(manager.current()).isPresent());
		managers.stop();
		this.time.settle();
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void othersStartAtOnceIfTheFirstHasACertificateAlready() {
		storePair();
		new CertificateManagers(List.of(builder().build(), this.other), true).start();
		this.time.settle();
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.other.current()).isPresent();
	}

}
