package io.kubelet.cert.kubernetes.watch;

import java.util.List;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubernetes.client.openapi.ApiException;

/**
 * Observes a {@link Reflector}, on its thread. {@code toString} names what is watched.
 */
public interface WatchObserver {

	/**
	 * Whether an object of a list is wanted. Others are not kept while the list is read.
	 * @param object the object
	 * @return {@code true} if it is
	 */
	default boolean concerns(JsonObject object) {
		return true;
	}

	/**
	 * The objects are about to be listed.
	 */
	default void listing() {
	}

	/**
	 * The objects were listed.
	 * @param objects all that are wanted
	 */
	void listed(List<JsonObject> objects);

	/**
	 * An object was created or has changed.
	 * @param object the object
	 */
	void changed(JsonObject object);

	/**
	 * An object was deleted.
	 * @param object its last state
	 */
	void deleted(JsonObject object);

	/**
	 * The watch failed and will be opened again.
	 * @param kind {@link Kind#UNAVAILABLE} if the API server cannot be reached or is
	 * busy, otherwise the application cannot ask it
	 * @param problem what is wrong
	 */
	void interrupted(Kind kind, String problem);

	/**
	 * An object is too large, perhaps one that the observer has not asked for. The watch
	 * is opened again, unless the observer closes it.
	 * @param answer the failure
	 */
	default void overwhelmed(ApiException answer) {
	}

	/**
	 * The server refuses the watch. It is opened again, unless the observer closes it.
	 * @param answer the answer of the server
	 * @return what is wrong
	 */
	String refused(ApiException answer);

}
