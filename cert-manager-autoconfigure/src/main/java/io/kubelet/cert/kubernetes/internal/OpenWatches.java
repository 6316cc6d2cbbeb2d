package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;

import okhttp3.Call;
import okhttp3.Interceptor;
import okhttp3.Response;

/**
 * The watches of a client. They may receive nothing for as long as they last.
 */
final class OpenWatches implements Interceptor {

	private final Set<Call> watches = Collections.newSetFromMap(new WeakHashMap<>());

	private boolean ended;

	@Override
	public Response intercept(Chain chain) throws IOException {
		if (!"true".equals(chain.request().url().queryParameter("watch"))) {
			return chain.proceed(chain.request());
		}
		begin(chain.call());
		return chain.withReadTimeout(0, TimeUnit.SECONDS).proceed(chain.request());
	}

	private synchronized void begin(Call watch) {
		this.watches.add(watch);
		if (this.ended) {
			watch.cancel();
		}
	}

	/** Ends them, and those that are about to begin. */
	synchronized void end() {
		this.ended = true;
		this.watches.forEach(Call::cancel);
	}

}
