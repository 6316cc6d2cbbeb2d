package io.kubelet.cert.certificate;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Issues certificates: a signer of the CertificateSigningRequest API, or an issuer of
 * cert-manager. The text form is used in messages, in stored requests and by the
 * endpoint.
 */
public sealed interface Signer {

	/**
	 * Reads the text form.
	 * @param text the name of a signer, or the text form of an issuer
	 * @return the signer
	 */
	static Signer of(String text) {
		Matcher issuer = Issuer.TEXT.matcher(text);
		return issuer.matches() ? new Issuer(issuer.group(1), issuer.group(3),
				Objects.requireNonNullElse(issuer.group(2), Issuer.CERT_MANAGER)) : new Named(text);
	}

	/**
	 * Returns what kind of signer it is, for a message.
	 * @return {@code signer} or {@code issuer}
	 */
	String noun();

	/**
	 * Describes this signer, for a message.
	 * @return such as {@code signer example.com/serving} or
	 * {@code issuer ClusterIssuer/internal}
	 */
	default String describe() {
		return noun() + " " + this;
	}

	/**
	 * Returns how to inspect a request that needs no approval, for a message.
	 * @param namespace the namespace of the request, empty if it has none
	 * @param request the name of the request
	 * @return a clause with a command
	 */
	String howToDescribe(String namespace, String request);

	/**
	 * Returns how to watch a pending request, for a message.
	 * @param namespace the namespace of the request, empty if it has none
	 * @param request the name of the request
	 * @return a clause with commands
	 */
	String howToWatch(String namespace, String request);

	/**
	 * A signer of the CertificateSigningRequest API.
	 *
	 * @param name its name, {@code domain/path}
	 */
	record Named(String name) implements Signer {

		@Override
		public String noun() {
			return "signer";
		}

		@Override
		public String howToDescribe(String namespace, String request) {
			return "see 'kubectl describe csr %s'".formatted(request);
		}

		@Override
		public String howToWatch(String namespace, String request) {
			return "%s, or approve it with 'kubectl certificate approve %s'"
				.formatted(howToDescribe(namespace, request), request);
		}

		@Override
		public String toString() {
			return this.name;
		}

	}

	/**
	 * An issuer of cert-manager. Its text form, such as {@code ClusterIssuer/internal} or
	 * {@code AWSPCAIssuer.awspca.cert-manager.io/internal}, differs from every signer
	 * name by its kind, which begins with a capital.
	 *
	 * @param kind the kind of the issuer
	 * @param name the name of the issuer
	 * @param group the API group of the issuer
	 */
	record Issuer(String kind, String name, String group) implements Signer {

		/** The API group of cert-manager's own issuers. */
		public static final String CERT_MANAGER = "cert-manager.io";

		/** What a request of 30 seconds without any condition means, as a clause. */
		public static final String UNATTENDED = "no approver has looked at it: is cert-manager running, and may its approver approve requests to this issuer?";

		private static final Pattern TEXT = Pattern.compile("(\\p{Lu}[^./]*)(?:\\.([^/]*))?/(.*)", Pattern.DOTALL);

		@Override
		public String noun() {
			return "issuer";
		}

		@Override
		public String howToDescribe(String namespace, String request) {
			return "see 'kubectl describe certificaterequest%s %s'"
				.formatted(namespace.isEmpty() ? "" : " --namespace " + namespace, request);
		}

		@Override
		public String howToWatch(String namespace, String request) {
			return howToDescribe(namespace, request);
		}

		@Override
		public String toString() {
			return this.kind + (this.group.equals(CERT_MANAGER) ? "" : "." + this.group) + "/" + this.name;
		}

	}

}
