package io.kubelet.cert.kubernetes.internal;

import io.kubernetes.client.openapi.ApiClient;
import okhttp3.OkHttpClient;

/**
 * An API client that another one can take the place of, since the kubeconfig was
 * replaced. Its text form is the address of its server and where that comes from.
 */
final class LiveApiClient extends ApiClient {

	private volatile String origin;

	private OpenWatches watches;

	private final boolean ofPlugIn;

	LiveApiClient(String origin, OpenWatches watches, boolean ofPlugIn) {
		this.origin = origin;
		this.watches = watches;
		this.ofPlugIn = ofPlugIn;
	}

	/**
	 * Uses the server and the credentials of another client from now on. Calls in
	 * progress go on, but watches end: they are opened again by what watches.
	 */
	synchronized void become(LiveApiClient next) {
		OkHttpClient before = getHttpClient();
		// In this order, because calls ask for the address first: no other server than
		// before is sent what only that one is to receive
		setHttpClient(next.getHttpClient());
		setBasePath(next.getBasePath());
		this.origin = next.origin;
		before.connectionPool().evictAll();
		this.watches.end();
		this.watches = next.watches;
	}

	/** Returns whether a credential plug-in printed its first credentials. */
	boolean isOfPlugIn() {
		return this.ofPlugIn;
	}

	@Override
	public String toString() {
		return getBasePath() + " (from " + this.origin + ")";
	}

}
