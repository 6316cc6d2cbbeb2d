package io.kubelet.cert.test;

import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.test.pki.CertificateAuthority;
import io.kubelet.cert.test.pki.Pem;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * A client certificate of the embedded control plane's authority, and its key.
 *
 * @param name the common name, made fit for a file
 * @param certificate the certificate
 * @param key the key
 */
public record ClientCertificate(String name, X509Certificate certificate, PrivateKey key) implements Credential {

	static ClientCertificate issue(CertificateAuthority authority, Instant notBefore, Instant notAfter,
			String commonName, List<String> organizations) {
		KeyPair key = CertificateAuthority.generateKey();
		X509Certificate issued = authority.issue(CertificateAuthority.name(commonName, organizations),
				SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded()), notBefore, notAfter,
				List.of("digital signature", "client auth"), List.of());
		return new ClientCertificate(Kubeconfig.fileName(commonName), issued, key.getPrivate());
	}

	/**
	 * The certificate as PEM.
	 * @return a CERTIFICATE block
	 */
	public String certificatePem() {
		return Pem.write(List.of(this.certificate));
	}

	/**
	 * The key as PEM.
	 * @return a PRIVATE KEY block (PKCS#8)
	 */
	public String keyPem() {
		return Pem.write("PRIVATE KEY", this.key.getEncoded());
	}

	@Override
	public String toString() {
		return "ClientCertificate[" + this.name + "]";
	}

}
