package io.kubelet.cert.test;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The watches that are open.
 */
final class OpenWatches {

	private final Set<Watch> watches = ConcurrentHashMap.newKeySet();

	void add(Watch watch) {
		this.watches.add(watch);
	}

	void remove(Watch watch) {
		this.watches.remove(watch);
	}

	int count() {
		return this.watches.size();
	}

	void stop(Watch.Stop how) {
		this.watches.forEach((watch) -> watch.stop(how));
	}

}
