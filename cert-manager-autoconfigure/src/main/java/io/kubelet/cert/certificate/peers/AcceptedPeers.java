package io.kubelet.cert.certificate.peers;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.ExternalText;

/**
 * The peers that are accepted among those of the trusted authorities.
 */
public sealed interface AcceptedPeers {

	/** How many names of a peer are in a message. */
	int NAMED = 5;

	/**
	 * Accepts each peer.
	 * @return what accepts it
	 */
	static AcceptedPeers everyone() {
		return Everyone.INSTANCE;
	}

	/**
	 * Requires that the verified certificate of a peer is accepted.
	 * @param leaf the certificate
	 * @throws PeerRefusedException if it is not
	 */
	void require(X509Certificate leaf) throws PeerRefusedException;

	/**
	 * Returns whether peers have to have certain names.
	 * @return {@code true} unless each peer is accepted
	 */
	default boolean isRestricted() {
		return this != Everyone.INSTANCE;
	}

	/**
	 * Returns the name by which a peer is accepted.
	 * @param peer the names in its certificate
	 * @return the first of these names that is accepted, empty if none is
	 */
	Optional<String> accepted(PeerIdentity peer);

	/**
	 * Returns the name of a peer.
	 * @param leaf its certificate, which is accepted
	 * @return the name by which it is accepted, or its subject if it has none; not
	 * cleaned
	 */
	default String nameOf(X509Certificate leaf) {
		String subject = leaf.getSubjectX500Principal().getName();
		try {
			return accepted(PeerIdentity.of(leaf)).orElse(subject);
		}
		catch (IllegalArgumentException ex) {
			return subject;
		}
	}

	/** Returns the first names of a peer, in one line. */
	static String describe(PeerIdentity peer) {
		List<String> names = new ArrayList<>();
		peer.uris().forEach((uri) -> names.add("URI '%s'".formatted(ExternalText.clean(uri))));
		peer.dnsNames().forEach((name) -> names.add("DNS name '%s'".formatted(ExternalText.clean(name))));
		Stream.ofNullable(peer.commonName())
			.forEach((name) -> names.add("common name '%s'".formatted(ExternalText.clean(name))));
		return names.isEmpty() ? "no name"
				: String.join(", ", names.stream().limit(NAMED).toList()) + ((names.size() > NAMED) ? ", ..." : "");
	}

	/**
	 * Each peer.
	 */
	enum Everyone implements AcceptedPeers {

		/** The only instance. */
		INSTANCE;

		@Override
		public void require(X509Certificate leaf) {
		}

		@Override
		public Optional<String> accepted(PeerIdentity peer) {
			return Stream.of(peer.uris().stream(), peer.dnsNames().stream(), Stream.ofNullable(peer.commonName()))
				.flatMap((names) -> names)
				.findFirst();
		}

	}

	/**
	 * Peers with one of certain names.
	 *
	 * @param uris patterns of URIs
	 * @param dnsNames DNS names in lower case
	 * @param commonNames common names
	 */
	record Named(List<UriPattern> uris, Set<String> dnsNames, Set<String> commonNames) implements AcceptedPeers {

		private static final Pattern DNS_NAME = Pattern
			.compile("(?!(.*\\.)?\\d+$)[-_a-z0-9]{1,63}(\\.[-_a-z0-9]{1,63}){0,126}");

		public Named {
			if (uris.isEmpty() && dnsNames.isEmpty() && commonNames.isEmpty()) {
				throw new IllegalArgumentException("There is no name, so no peer would be accepted");
			}
			uris = List.copyOf(uris);
			dnsNames = Set.copyOf(dnsNames);
			commonNames = Set.copyOf(commonNames);
		}

		/**
		 * Reads URIs.
		 * @param texts the URIs, which may end in {@code /*} or {@code /**}
		 * @return patterns
		 * @throws IllegalArgumentException if one is none, with what to do
		 */
		public static List<UriPattern> uris(List<String> texts) {
			return texts.stream().map(Named::present).map(UriPattern::of).toList();
		}

		/**
		 * Reads DNS names.
		 * @param texts the names
		 * @return the names in lower case
		 * @throws IllegalArgumentException if one is none, with what to do
		 */
		public static Set<String> dnsNames(List<String> texts) {
			Set<String> names = new HashSet<>();
			for (String text : texts) {
				String name = present(text).toLowerCase(Locale.ROOT);
				if (!DNS_NAME.matcher(name).matches()) {
					throw new IllegalArgumentException(
							"'%s' is no DNS name: set it to one such as shop.shop.svc, without a wildcard or a dot at its end"
								.formatted(text));
				}
				names.add(name);
			}
			return names;
		}

		/**
		 * Reads common names.
		 * @param texts the names
		 * @return the names
		 * @throws IllegalArgumentException if one is empty
		 */
		public static Set<String> commonNames(List<String> texts) {
			return Set.copyOf(texts.stream().map(Named::present).distinct().toList());
		}

		private static String present(String text) {
			if (text.isBlank()) {
				throw new IllegalArgumentException("An element of the list is empty: remove it, or set it to a name");
			}
			return text;
		}

		@Override
		public void require(X509Certificate leaf) throws PeerRefusedException {
			PeerIdentity peer;
			try {
				peer = PeerIdentity.of(leaf);
			}
			catch (IllegalArgumentException ex) {
				throw new PeerRefusedException(RefusalReason.MALFORMED, ex.getMessage(), ex);
			}
			if (accepted(peer).isEmpty()) {
				throw new PeerRefusedException(RefusalReason.NOT_ACCEPTED,
						"its certificate has %s, which is not accepted".formatted(describe(peer)), null);
			}
		}

		@Override
		public String toString() {
			return Stream
				.of(this.uris.stream().map((uri) -> "URI '%s'".formatted(uri)),
						this.dnsNames.stream().sorted().map("DNS name '%s'"::formatted),
						this.commonNames.stream().sorted().map("common name '%s'"::formatted))
				.flatMap((names) -> names)
				.collect(Collectors.joining(", "));
		}

		@Override
		public Optional<String> accepted(PeerIdentity peer) {
			return Stream
				.of(peer.uris().stream().filter((uri) -> this.uris.stream().anyMatch((known) -> known.matches(uri))),
						peer.dnsNames().stream().filter(this.dnsNames::contains),
						Stream.ofNullable(peer.commonName()).filter(this.commonNames::contains))
				.flatMap((names) -> names)
				.findFirst();
		}

	}

}
