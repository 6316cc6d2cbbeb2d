package io.kubelet.cert.autoconfigure.server;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

import io.kubelet.cert.ssl.LiveSslBundle;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/**
 * The SSL bundles for the factory of a web server. A server with live contexts or
 * managers needs no reload, so the update handlers that Spring Boot adds for it are not
 * called.
 */
final class ServerBundles implements SslBundles {

	private final SslBundles bundles;

	private volatile boolean reloading;

	ServerBundles(SslBundles bundles) {
		this.bundles = bundles;
	}

	@Override
	public SslBundle getBundle(String name) {
		return this.bundles.getBundle(name);
	}

	@Override
	public List<String> getBundleNames() {
		return this.bundles.getBundleNames();
	}

	@Override
	public void addBundleRegisterHandler(BiConsumer<String, SslBundle> handler) {
		this.bundles.addBundleRegisterHandler(handler);
	}

	@Override
	public void addBundleUpdateHandler(String name, Consumer<SslBundle> handler) {
		boolean live = LiveSslBundle.of(getBundle(name)) != null;
		this.bundles.addBundleUpdateHandler(name, (bundle) -> {
			if (this.reloading || !live) {
				handler.accept(bundle);
			}
		});
	}

	/** Lets the handlers be called after all, for a server that copies the stores. */
	void reload() {
		this.reloading = true;
	}

}
