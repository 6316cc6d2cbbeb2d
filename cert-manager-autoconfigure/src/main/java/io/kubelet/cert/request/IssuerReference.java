package io.kubelet.cert.request;

import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An issuer of cert-manager, which takes the place of a signer. Its text form, such as
 * {@code ClusterIssuer/internal} or {@code AWSPCAIssuer.awspca.cert-manager.io/internal},
 * is used wherever a signer name is. It differs from every signer name by its kind, which
 * begins with a capital.
 *
 * @param kind the kind of the issuer
 * @param name the name of the issuer
 * @param group the API group of the issuer
 */
public record IssuerReference(String kind, String name, String group) {

	/** The API group of cert-manager's own issuers. */
	public static final String CERT_MANAGER = "cert-manager.io";

	/** What a request of 30 seconds without any condition means, as a clause. */
	public static final String UNATTENDED = "no approver has looked at it: is cert-manager running?";

	private static final Pattern TEXT = Pattern.compile("(\\p{Lu}[^./]*)(?:\\.([^/]*))?/(.*)", Pattern.DOTALL);

	/**
	 * Reads the text form.
	 * @param signerName the text form, or the name of a signer
	 * @return the issuer, empty if the name is that of a signer
	 */
	public static Optional<IssuerReference> parse(String signerName) {
		Matcher text = TEXT.matcher(signerName);
		return text.matches() ? Optional.of(new IssuerReference(text.group(1), text.group(3),
				Objects.requireNonNullElse(text.group(2), CERT_MANAGER))) : Optional.empty();
	}

	/**
	 * Names a signer or an issuer, for a message.
	 * @param signerName the name of the signer, or the text form of the issuer
	 * @return such as {@code signer example.com/serving} or
	 * {@code issuer ClusterIssuer/internal}
	 */
	public static String describe(String signerName) {
		return (parse(signerName).isPresent() ? "issuer " : "signer ") + signerName;
	}

	/**
	 * Returns how to follow a pending request, for a message.
	 * @param signerName the name of the signer, or the text form of the issuer
	 * @param namespace the namespace of the request, empty if it has none
	 * @param request the name of the request
	 * @return a clause with commands
	 */
	public static String howToFollow(String signerName, String namespace, String request) {
		String describe = howToDescribe(signerName, namespace, request);
		return parse(signerName).isPresent() ? describe
				: describe + ", or approve it with 'kubectl certificate approve %s'".formatted(request);
	}

	/**
	 * Returns how to inspect a request that needs no approval, for a message.
	 * @param signerName the name of the signer, or the text form of the issuer
	 * @param namespace the namespace of the request, empty if it has none
	 * @param request the name of the request
	 * @return a clause with a command
	 */
	public static String howToDescribe(String signerName, String namespace, String request) {
		return "see 'kubectl describe %s%s %s'".formatted(parse(signerName).isPresent() ? "certificaterequest" : "csr",
				namespace.isEmpty() ? "" : " --namespace " + namespace, request);
	}

	@Override
	public String toString() {
		return this.kind + (this.group.equals(CERT_MANAGER) ? "" : "." + this.group) + "/" + this.name;
	}

}
