package io.kubelet.cert.autoconfigure.connections;

import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.ssl.drain.ConnectionDrain;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.ssl.SslBundles;

/**
 * Calls each drain for each update of a certificate's bundle.
 */
record Drains(SslBundles bundles, ObjectProvider<ConnectionDrain> drains) implements SmartInitializingSingleton {

	@Override
	public void afterSingletonsInstantiated() {
		this.bundles.getBundleNames()
			.stream()
			.filter((name) -> this.bundles.getBundle(name).getManagers() instanceof LiveSslBundle)
			.forEach((name) -> this.drains.orderedStream()
				.forEach((drain) -> this.bundles.addBundleUpdateHandler(name, (bundle) -> drain.drain(name))));
	}

}
