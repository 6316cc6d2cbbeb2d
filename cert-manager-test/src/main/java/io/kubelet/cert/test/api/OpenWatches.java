package io.kubelet.cert.test.api;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The watches that are open.
 */
public final class OpenWatches {

	private final Set<Watch> watches = ConcurrentHashMap.newKeySet();

	public void add(Watch watch) {
		this.watches.add(watch);
	}

	public void remove(Watch watch) {
		this.watches.remove(watch);
	}

	public int count() {
		return this.watches.size();
	}

	public void stop(Watch.Stop how) {
		this.watches.forEach((watch) -> watch.stop(how));
	}

}
