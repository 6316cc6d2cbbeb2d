package io.kubelet.cert.test.http;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.test.pki.CertificateAuthority;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * The TLS side of the API server: a certificate for the names it is reached by, and any
 * client certificate, since it is the authentication that judges those, with a 401.
 */
public final class ServerTls {

	private ServerTls() {
	}

	public static SSLContext context(CertificateAuthority authority) {
		KeyPair key = CertificateAuthority.generateKey();
		X509Certificate certificate = authority.issue(CertificateAuthority.name("kube-apiserver", List.of()),
				SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded()), authority.notBefore(),
				authority.notAfter(), List.of("digital signature", "server auth"),
				List.of(new GeneralName(GeneralName.dNSName, "localhost"),
						new GeneralName(GeneralName.iPAddress, "127.0.0.1")));
		try {
			char[] password = new char[0];
			// PKCS12 derives a key from the password, which takes 30 ms
			KeyStore keys = KeyStore.getInstance("JKS");
			keys.load(null, password);
			keys.setKeyEntry("server", key.getPrivate(), password, new Certificate[] { certificate });
			KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
			keyManagers.init(keys, password);
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(keyManagers.getKeyManagers(), new TrustManager[] { new AnyClient(authority) }, null);
			return context;
		}
		catch (GeneralSecurityException | IOException ex) {
			throw new IllegalStateException("This JVM makes no TLS server", ex);
		}
	}

	/**
	 * Trusts every client.
	 *
	 * @param authority the authority whose certificates are asked for
	 */
	private record AnyClient(CertificateAuthority authority) implements X509TrustManager {

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String authType) {
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String authType) {
			throw new UnsupportedOperationException();
		}

		@Override
		public X509Certificate[] getAcceptedIssuers() {
			return new X509Certificate[] { this.authority.certificate() };
		}

	}

}
