package io.kubelet.cert.kubernetes.internal.secret;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;

/**
 * The authorities in a Secret, of which other programs may have added any. A block that
 * cannot be read is left out, as by programs in Go, and kept.
 *
 * @param certificates those that can be read
 * @param unreadable the blocks that cannot be read, as PEM
 */
record AuthorityBlocks(List<X509Certificate> certificates, String unreadable) {

	static final Pattern BLOCK = Pattern
		.compile("-----BEGIN CERTIFICATE-----(?:[^-]++|-(?!----))++-----END CERTIFICATE-----");

	static AuthorityBlocks of(String text) {
		List<X509Certificate> certificates = new ArrayList<>();
		StringBuilder unreadable = new StringBuilder();
		for (MatchResult block : BLOCK.matcher(text).results().toList()) {
			try {
				certificates.addAll(Pem.readCertificates(block.group()));
			}
			catch (MalformedPemException ex) {
				unreadable.append(block.group()).append('\n');
			}
		}
		return new AuthorityBlocks(certificates, unreadable.toString());
	}

	/** Returns these authorities with others before them, and without some of them. */
	AuthorityBlocks with(List<X509Certificate> first, Set<X509Certificate> removed) {
		return new AuthorityBlocks(Stream
			.concat(first.stream(), this.certificates.stream().filter((authority) -> !removed.contains(authority)))
			.distinct()
			.toList(), this.unreadable);
	}

	String toPem() {
		return Pem.write(this.certificates) + this.unreadable;
	}

}
