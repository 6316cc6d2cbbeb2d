package io.kubelet.cert.test;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.CertificateAuthority;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.pki.SigningRequest;
import io.kubelet.cert.test.pki.SubjectOrder;
import io.kubelet.cert.test.resource.RequestType;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.jspecify.annotations.Nullable;

/**
 * Signs approved requests, as the signers in kube-controller-manager and the issuers of
 * cert-manager do, or as wrongly as it is told to.
 */
final class Signer {

	static final String KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";

	static final String KUBELET_SERVING = "kubernetes.io/kubelet-serving";

	static final String API_SERVER_CLIENT = "kubernetes.io/kube-apiserver-client";

	private static final Duration LONGEST = Duration.ofDays(365);

	private static final Duration ISSUER_LIFETIME = Duration.ofDays(90);

	/**
	 * They are those of cert-manager; a certificate signing request must state its own.
	 */
	private static final List<String> DEFAULT_USAGES = List.of("digital signature", "key encipherment");

	private static final Duration SHORT = Duration.ofHours(8);

	private final CertificateAuthority authority;

	private final Behavior behavior;

	private final Clock clock;

	Signer(CertificateAuthority authority, Behavior behavior, Clock clock) {
		this.authority = authority;
		this.behavior = behavior;
		this.clock = clock;
	}

	boolean isResponsibleFor(String signerName) {
		return Set.of(KUBELET_CLIENT, KUBELET_SERVING, API_SERVER_CLIENT).contains(signerName)
				|| this.behavior.signers().contains(signerName);
	}

	/** Why the signer refuses a request, in its own words; empty when it does not. */
	static String refusal(String signerName, SigningRequest request, Collection<String> usages) {
		return switch (signerName) {
			case KUBELET_CLIENT -> kubeletClientRefusal(request, Set.copyOf(usages));
			case KUBELET_SERVING -> kubeletServingRefusal(request, Set.copyOf(usages));
			case API_SERVER_CLIENT -> clientRefusal(usages);
			default -> "";
		};
	}

	private static String kubeletClientRefusal(SigningRequest request, Set<String> usages) {
		if (!request.organizations().equals(List.of("system:nodes"))) {
			return "subject organization is not system:nodes";
		}
		if (request.has(GeneralName.dNSName)) {
			return "DNS subjectAltNames are not allowed";
		}
		if (request.has(GeneralName.rfc822Name)) {
			return "Email subjectAltNames are not allowed";
		}
		if (request.has(GeneralName.iPAddress)) {
			return "IP subjectAltNames are not allowed";
		}
		if (request.has(GeneralName.uniformResourceIdentifier)) {
			return "URI subjectAltNames are not allowed";
		}
		if (!request.commonName().startsWith("system:node:")) {
			return "subject common name does not begin with system:node:";
		}
		return usagesRefusal(usages, "client auth", "[client auth digital signature key encipherment]");
	}

	private static String kubeletServingRefusal(SigningRequest request, Set<String> usages) {
		if (!request.organizations().equals(List.of("system:nodes"))) {
			return "subject organization is not system:nodes";
		}
		if (!request.has(GeneralName.dNSName) && !request.has(GeneralName.iPAddress)) {
			return "DNS or IP subjectAltName is required";
		}
		if (request.has(GeneralName.rfc822Name)) {
			return "Email subjectAltNames are not allowed";
		}
		if (request.has(GeneralName.uniformResourceIdentifier)) {
			return "URI subjectAltNames are not allowed";
		}
		String refusal = usagesRefusal(usages, "server auth", "[digital signature key encipherment server auth]");
		if (refusal.isEmpty() && !request.commonName().startsWith("system:node:")) {
			return "subject common name does not begin with system:node:";
		}
		return refusal;
	}

	private static String usagesRefusal(Set<String> usages, String purpose, String expected) {
		boolean match = usages.equals(Set.of("digital signature", purpose))
				|| usages.equals(Set.of("digital signature", "key encipherment", purpose));
		return match ? "" : "usages did not match " + expected;
	}

	private static String clientRefusal(Collection<String> usages) {
		for (String usage : usages) {
			if (!Set.of("digital signature", "key encipherment", "client auth").contains(usage)) {
				return "invalid usage for client certificate: " + usage;
			}
		}
		return usages.contains("client auth") ? "" : "missing required usage for client certificate: client auth";
	}

	/** The certificate for a request to a signer of the cluster, as PEM. */
	String sign(JsonObject request, @Nullable Duration requested) {
		Instant now = this.clock.instant();
		Duration lifetime = (requested != null && requested.compareTo(LONGEST) < 0) ? requested : LONGEST;
		Instant notAfter = now.plus(lifetime);
		if (lifetime.compareTo(SHORT) >= 0) {
			notAfter = notAfter.minus(Behavior.BACKDATE);
		}
		Instant last = this.authority.notAfter();
		return sign(request, this.authority, now.minus(Behavior.BACKDATE), notAfter.isBefore(last) ? notAfter : last);
	}

	/** The certificate for a request to an issuer of cert-manager, as PEM. */
	String sign(JsonObject request, CertificateAuthority issuer, @Nullable Duration requested) {
		Instant now = this.clock.instant();
		return sign(request, issuer, now, now.plus((requested != null) ? requested : ISSUER_LIFETIME));
	}

	private String sign(JsonObject request, CertificateAuthority issuer, Instant notBefore, Instant notAfter) {
		SigningRequest read = RequestType.requested(request);
		List<String> usages = Json.texts(request, "spec", "usages");
		Set<SignerFlaw> flaws = this.behavior.currentFlaws();
		if (flaws.contains(SignerFlaw.GARBAGE)) {
			return Pem.write("CERTIFICATE", "no certificate".getBytes());
		}
		// Issuers write the subject as it is requested
		X500Name subject = (issuer == this.authority) ? SubjectOrder.of(read.subject()) : read.subject();
		if (flaws.contains(SignerFlaw.ANOTHER_SUBJECT)) {
			subject = CertificateAuthority.name("someone-else", List.of());
		}
		SubjectPublicKeyInfo key = flaws.contains(SignerFlaw.ANOTHER_KEY)
				? SubjectPublicKeyInfo.getInstance(CertificateAuthority.generateKey().getPublic().getEncoded())
				: read.publicKey();
		List<GeneralName> names = read.alternativeNames();
		if (flaws.contains(SignerFlaw.DROPPED_NAMES)) {
			names = List.of();
			// RFC 5280, 4.2.1.6: without names, the subject cannot be empty
			subject = (subject.getRDNs().length > 0) ? subject : CertificateAuthority.name("dropped-names", List.of());
		}
		Instant now = this.clock.instant();
		Behavior.Validity fixed = this.behavior.validity();
		return Pem.write(List.of(issuer.issue(subject, key, (fixed != null) ? now.plus(fixed.notBefore()) : notBefore,
				(fixed != null) ? now.plus(fixed.notAfter()) : notAfter, usages.isEmpty() ? DEFAULT_USAGES : usages,
				names)));
	}

}
