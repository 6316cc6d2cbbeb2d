package io.kubelet.cert.test;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

import io.kubelet.cert.test.pki.Pem;

/**
 * A client certificate of the embedded control plane's authority, and its key.
 *
 * @param name the common name, made fit for a file
 * @param certificate the certificate
 * @param key the key
 */
public record ClientCertificate(String name, X509Certificate certificate, PrivateKey key) implements Credential {

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
