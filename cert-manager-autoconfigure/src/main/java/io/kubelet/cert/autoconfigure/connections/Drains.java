package io.kubelet.cert.autoconfigure.connections;

import java.util.List;
import java.util.Objects;

import io.kubelet.cert.rotation.RotationFollower;
import io.kubelet.cert.ssl.LiveSslBundle;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ssl.SslBundles;

/**
 * Lets the drains follow the bundles of all certificates, which do not keep them alive.
 */
final class Drains {

	private final List<RotationFollower> drains;

	Drains(SslBundles bundles, ObjectProvider<RotationFollower> drains) {
		this.drains = drains.orderedStream().toList();
		bundles.getBundleNames()
			.stream()
			.map((name) -> LiveSslBundle.of(bundles.getBundle(name)))
			.filter(Objects::nonNull)
			.forEach((bundle) -> this.drains.forEach(bundle::addFollower));
	}

}
