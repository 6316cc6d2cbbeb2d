package io.kubelet.cert.test.server;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.pki.CertificateAuthority;
import io.kubelet.cert.test.pki.SigningRequest;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who asks: by a client certificate of the cluster's authority, or by a bearer
 * token.
 */
public final class Identities {

	private static final String AUTHENTICATED = "system:authenticated";

	private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

	private final Map<String, Caller> tokens = new ConcurrentHashMap<>();

	private final CertificateAuthority authority;

	private final Clock clock;

	public Identities(CertificateAuthority authority, Clock clock) {
		this.authority = authority;
		this.clock = clock;
	}

	public void addToken(String token, String user, List<String> groups) {
		this.tokens.put(token, new Caller(user, authenticated(groups), Map.of()));
	}

	/** Let the token of a service account be known. */
	public void addServiceAccount(String token, String namespace, String name) {
		String user = "system:serviceaccount:" + namespace + ":" + name;
		List<String> groups = List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace);
		this.tokens.put(token, new Caller(user, UUID.randomUUID().toString(), authenticated(groups),
				Map.of("authentication.kubernetes.io/credential-id", List.of("JTI=" + UUID.randomUUID()))));
	}

	public void removeToken(String token) {
		this.tokens.remove(token);
	}

	/**
	 * Say who asks.
	 * @return who; {@code null} when there are credentials and none is any good
	 */
	public @Nullable Caller authenticate(ApiRequest request) {
		List<X509Certificate> chain = request.certificates();
		String authorization = request.header("Authorization");
		boolean bearer = authorization.regionMatches(true, 0, "Bearer ", 0, 7);
		Caller caller = chain.isEmpty() ? null : byCertificate(chain.get(0));
		if (caller == null && bearer) {
			caller = this.tokens.get(authorization.substring(7).trim());
		}
		return (caller == null && !bearer && chain.isEmpty()) ? Caller.ANONYMOUS : caller;
	}

	private @Nullable Caller byCertificate(X509Certificate leaf) {
		Instant now = this.clock.instant();
		if (!this.authority.hasIssued(leaf) || now.isBefore(leaf.getNotBefore().toInstant())
				|| now.isAfter(leaf.getNotAfter().toInstant()) || !isForClients(leaf)) {
			return null;
		}
		X500Name subject = X500Name.getInstance(leaf.getSubjectX500Principal().getEncoded());
		List<String> names = SigningRequest.attributes(subject, BCStyle.CN);
		if (names.isEmpty()) {
			return null;
		}
		List<String> groups = authenticated(SigningRequest.attributes(subject, BCStyle.O));
		return new Caller(names.get(names.size() - 1), groups,
				Map.of("authentication.kubernetes.io/credential-id", List.of("X509SHA256=" + fingerprint(leaf))));
	}

	private static boolean isForClients(X509Certificate certificate) {
		try {
			List<String> purposes = certificate.getExtendedKeyUsage();
			return purposes == null || purposes.contains(CLIENT_AUTH);
		}
		catch (CertificateParsingException ex) {
			return false;
		}
	}

	private static String fingerprint(X509Certificate certificate) {
		try {
			return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
		}
		catch (NoSuchAlgorithmException | CertificateEncodingException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static List<String> authenticated(List<String> groups) {
		List<String> all = new ArrayList<>(groups);
		if (!all.contains(AUTHENTICATED)) {
			all.add(AUTHENTICATED);
		}
		return List.copyOf(all);
	}

}
