package io.kubelet.cert.ssl;

import java.net.Socket;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;

/**
 * Presents the pair that is current in each handshake. JSSE gets the chain and the key in
 * two calls. The alias that it passes identifies the pair, so that both are of one
 * rotation whatever happens in between.
 */
final class LiveKeyManager extends X509ExtendedKeyManager {

	private static final int REMEMBERED = 4;

	private final Supplier<@Nullable CertificatePair> current;

	private final Consumer<@Nullable Object> client;

	private final Consumer<@Nullable Object> server;

	private final Presentation presentation;

	private final Map<String, CertificatePair> pairs = Collections.synchronizedMap(new LinkedHashMap<>() {

		@Override
		protected boolean removeEldestEntry(Map.Entry<String, CertificatePair> eldest) {
			return size() > REMEMBERED;
		}

	});

	/**
	 * Creates a key manager.
	 * @param current returns the current pair
	 * @param client accepts the socket or engine of each handshake as a client
	 * @param server accepts the socket or engine of each handshake as a server
	 * @param presentation learns what is presented
	 */
	LiveKeyManager(Supplier<@Nullable CertificatePair> current, Consumer<@Nullable Object> client,
			Consumer<@Nullable Object> server, Presentation presentation) {
		this.current = current;
		this.client = client;
		this.server = server;
		this.presentation = presentation;
	}

	/**
	 * Creates a key manager whose handshakes are not recorded.
	 * @param current returns the current pair
	 * @param presentation learns what is presented
	 */
	LiveKeyManager(Supplier<@Nullable CertificatePair> current, Presentation presentation) {
		this(current, (client) -> {
		}, (server) -> {
		}, presentation);
	}

	@Override
	public @Nullable String chooseClientAlias(String[] keyTypes, Principal @Nullable [] issuers,
			@Nullable Socket socket) {
		this.client.accept(socket);
		return choose(TlsRole.CLIENT, socket, keyTypes, issuers);
	}

	@Override
	public @Nullable String chooseEngineClientAlias(String[] keyTypes, Principal @Nullable [] issuers,
			@Nullable SSLEngine engine) {
		this.client.accept(engine);
		return choose(TlsRole.CLIENT, engine, keyTypes, issuers);
	}

	@Override
	public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
		this.server.accept(socket);
		return choose(TlsRole.SERVER, socket, new String[] { keyType }, issuers);
	}

	@Override
	public @Nullable String chooseEngineServerAlias(String keyType, Principal @Nullable [] issuers,
			@Nullable SSLEngine engine) {
		this.server.accept(engine);
		return choose(TlsRole.SERVER, engine, new String[] { keyType }, issuers);
	}

	@Override
	public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
		return aliases(TlsRole.CLIENT, keyType, issuers);
	}

	@Override
	public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
		return aliases(TlsRole.SERVER, keyType, issuers);
	}

	@Override
	public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
		CertificatePair pair = this.pairs.get(alias);
		return (pair != null) ? pair.chain().toArray(X509Certificate[]::new) : null;
	}

	@Override
	public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
		CertificatePair pair = this.pairs.get(alias);
		return (pair != null) ? pair.privateKey() : null;
	}

	private String @Nullable [] aliases(TlsRole role, String keyType, Principal @Nullable [] issuers) {
		String alias = choose(role, null, new String[] { keyType }, issuers);
		return (alias != null) ? new String[] { alias } : null;
	}

	private @Nullable String choose(TlsRole role, @Nullable Object transport, String[] keyTypes,
			Principal @Nullable [] issuers) {
		CertificatePair pair = this.current.get();
		if (pair == null || !hasKeyOf(pair, keyTypes) || !isIssuedBy(pair, issuers)) {
			return null;
		}
		String alias = pair.fingerprint();
		this.pairs.put(alias, pair);
		this.presentation.presents(role, transport, pair.leaf());
		return alias;
	}

	/** Key types are such as {@code EC}, or {@code EC_RSA} with the issuer's after it. */
	private static boolean hasKeyOf(CertificatePair pair, String[] keyTypes) {
		String algorithm = pair.leaf().getPublicKey().getAlgorithm();
		return Arrays.stream(keyTypes).anyMatch((type) -> type.equals(algorithm) || type.startsWith(algorithm + "_"));
	}

	private static boolean isIssuedBy(CertificatePair pair, Principal @Nullable [] issuers) {
		if (issuers == null || issuers.length == 0) {
			return true;
		}
		// Set.of rejects two authorities with one subject, as during a succession
		Set<Principal> accepted = Set.copyOf(Arrays.asList(issuers));
		return pair.chain().stream().anyMatch((certificate) -> accepted.contains(certificate.getIssuerX500Principal()));
	}

	/** Called in each handshake with the socket or engine, if it is known. */
	@FunctionalInterface
	interface Presentation {

		void presents(TlsRole role, @Nullable Object transport, X509Certificate leaf);

	}

	/**
	 * A factory of one live key manager, for libraries that accept only factories.
	 */
	static final class Factory extends KeyManagerFactorySpi {

		private final LiveKeyManager manager;

		private Factory(LiveKeyManager manager) {
			this.manager = manager;
		}

		static KeyManagerFactory of(KeyManagerFactory base, LiveKeyManager manager) {
			return new KeyManagerFactory(new Factory(manager), base.getProvider(), base.getAlgorithm()) {
			};
		}

		@Override
		protected void engineInit(KeyStore store, char[] password) {
			// The pair does not come from a store
		}

		@Override
		protected void engineInit(ManagerFactoryParameters parameters) throws InvalidAlgorithmParameterException {
			throw new InvalidAlgorithmParameterException("A live key manager takes no parameters");
		}

		@Override
		protected KeyManager[] engineGetKeyManagers() {
			return new KeyManager[] { this.manager };
		}

	}

}
