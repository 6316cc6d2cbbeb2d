package io.kubelet.cert.export;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.KeyStores;

/**
 * The forms in which a pair and its authorities are exported. Keys are in PKCS#8, which
 * Java, OpenSSL and Go read.
 */
public enum ExportFormat {

	/** Separate PEM files for chain, key and authorities. */
	PEM("tls.crt", "tls.key", "ca.crt") {

		@Override
		List<byte[]> contents(Content content) {
			return List.of(text(Pem.write(content.pair.chain())), text(Pem.writePkcs8(content.pair)),
					text(Pem.write(content.authorities)));
		}

	},

	/** A key store and a trust store. */
	PKCS12("keystore.p12", "truststore.p12") {

		@Override
		List<byte[]> contents(Content content) {
			return List.of(KeyStores.pkcs12(content.pair, content.name, content.password),
					KeyStores.pkcs12(content.authorities, content.password));
		}

	},

	/** The key and its chain in one PEM file. */
	BUNDLE("bundle.pem") {

		@Override
		List<byte[]> contents(Content content) {
			return List.of(text(Pem.writePkcs8(content.pair) + Pem.write(content.pair.chain())));
		}

	},

	/** The key in binary form, which the driver of PostgreSQL reads. */
	KEY_DER("tls.pk8") {

		@Override
		List<byte[]> contents(Content content) {
			return List.of(content.pair.privateKey().getEncoded());
		}

	};

	private final List<String> names;

	ExportFormat(String... names) {
		this.names = List.of(names);
	}

	/** Returns the names of the files. */
	List<String> names() {
		return this.names;
	}

	/** Returns the contents of the files, in the order of their names. */
	abstract List<byte[]> contents(Content content);

	private static byte[] text(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Returns whether two files have the same content. A key store is encrypted anew each
	 * time.
	 */
	static boolean isSame(String file, byte[] one, byte[] other, String password) {
		if (!file.endsWith(".p12")) {
			return Arrays.equals(one, other);
		}
		try {
			KeyStore first = open(one, password);
			KeyStore second = open(other, password);
			List<String> aliases = Collections.list(second.aliases());
			boolean same = aliases.equals(Collections.list(first.aliases()));
			for (String alias : aliases) {
				same = same && Objects.equals(first.getCertificate(alias), second.getCertificate(alias))
						&& Arrays.equals(first.getCertificateChain(alias), second.getCertificateChain(alias))
						&& Objects.equals(first.getKey(alias, password.toCharArray()),
								second.getKey(alias, password.toCharArray()));
			}
			return same;
		}
		catch (GeneralSecurityException | IOException ex) {
			return false;
		}
	}

	private static KeyStore open(byte[] content, String password) throws GeneralSecurityException, IOException {
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(new ByteArrayInputStream(content), password.toCharArray());
		return store;
	}

	/**
	 * What is exported.
	 *
	 * @param name the name of the certificate, which is the alias in a key store
	 * @param pair the pair
	 * @param authorities the authorities to trust, at least one
	 * @param password the password of key stores
	 */
	record Content(String name, CertificatePair pair, List<X509Certificate> authorities, String password) {

		@Override
		public String toString() {
			return this.pair.toString();
		}

	}

}
