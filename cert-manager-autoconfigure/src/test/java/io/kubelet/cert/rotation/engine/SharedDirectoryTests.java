package io.kubelet.cert.rotation.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two managers that share one directory, as two processes may.
 *
 * @see FileCertificateStore
 */
class SharedDirectoryTests extends ManagerFixture {

	@TempDir
	Path directory;

	@Test
	void eachSendsItsOwnRequestAndAllUseThePairThatWasStoredLast() {
		CertificateManager one = start(builder().store(files()));
		CertificateManager other = start(builder().store(files()));
		assertThat(this.signer.requests).as("the second one finds the pair of the first").hasSize(1);
		this.signer.holds();
		one.rotate();
		other.rotate();
		this.time.settle();
		assertThat(this.signer.requests).hasSize(3);
		for (int request = 1; request <= 2; request++) {
			this.signer.answers.get(request).complete(this.signer.issue(this.signer.requests.get(request)));
		}
		pass(Duration.ofMinutes(2));
		CertificatePair stored = Objects.requireNonNull(files().read().pair());
		assertThat(one.current()).contains(stored);
		assertThat(other.current()).contains(stored);
		assertThat(this.signer.requests).hasSize(3);
		assertThat(this.directory.resolve(this.name + "-request.pem")).doesNotExist();
	}

	private CertificateStore files() {
		return new FileCertificateStore(this.directory, this.name, null, 5, this.time);
	}

}
