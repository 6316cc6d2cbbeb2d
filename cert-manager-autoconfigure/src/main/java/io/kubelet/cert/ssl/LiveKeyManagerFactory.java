package io.kubelet.cert.ssl;

import java.security.InvalidAlgorithmParameterException;
import java.security.KeyStore;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;

/**
 * A factory of one live key manager, for libraries that accept only factories.
 */
final class LiveKeyManagerFactory extends KeyManagerFactorySpi {

	private final LiveKeyManager manager;

	private LiveKeyManagerFactory(LiveKeyManager manager) {
		this.manager = manager;
	}

	static KeyManagerFactory of(KeyManagerFactory base, LiveKeyManager manager) {
		return new KeyManagerFactory(new LiveKeyManagerFactory(manager), base.getProvider(), base.getAlgorithm()) {
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
