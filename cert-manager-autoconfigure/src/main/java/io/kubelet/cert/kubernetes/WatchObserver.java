package io.kubelet.cert.kubernetes;

import java.util.List;

import io.kubernetes.client.openapi.ApiException;

/**
 * Is told what an {@link ObjectWatch} sees, on its thread.
 *
 * @param <T> the type of object
 */
interface WatchObserver<T> {

	/** The objects are about to be listed. */
	default void listing() {
	}

	/** These are all there are. */
	void listed(List<T> objects);

	/** An object is new, or has changed. */
	void changed(T object);

	/** An object is no more. */
	void deleted(T object);

	/**
	 * The watch broke off, and is taken up again.
	 * @param problem what is wrong
	 * @param times how many times in a row nothing was brought
	 */
	void interrupted(String problem, int times);

	/**
	 * The server does not permit it. It is asked again all the same.
	 * @param answer what it answers
	 * @param times how many times in a row nothing was brought
	 */
	void refused(ApiException answer, int times);

}
