package io.kubelet.cert.ssl;

import java.util.function.Consumer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;

/**
 * A registry whose update handlers do not depend on each other: what one of them throws
 * is logged, and the others are told all the same.
 */
public final class IsolatedSslBundles extends DefaultSslBundleRegistry {

	private static final Logger logger = LoggerFactory.getLogger(IsolatedSslBundles.class);

	@Override
	public void addBundleUpdateHandler(String name, Consumer<SslBundle> handler) throws NoSuchSslBundleException {
		super.addBundleUpdateHandler(name, (bundle) -> {
			try {
				handler.accept(bundle);
			}
			catch (RuntimeException | LinkageError ex) {
				logger.error("A handler has not taken the update of the SSL bundle '{}', and goes on with what it had",
						name, ex);
			}
		});
	}

}
