package io.kubelet.cert.kubernetes.internal.watch;

import java.util.List;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubernetes.client.openapi.ApiException;

/**
 * Observes a {@link Reflector}, on its thread. {@code toString} names what is watched.
 */
public interface Observer {

	/** The objects are about to be listed. */
	default void listing() {
	}

	/** Returns whether an object is to be in the list. The others are not kept. */
	default boolean wants(JsonObject object) {
		return true;
	}

	/** All objects were listed. These are the selected ones. */
	void listed(List<JsonObject> objects);

	/** An object was created or has changed. */
	void changed(JsonObject object);

	/** An object was deleted. This is its last state. */
	void deleted(JsonObject object);

	/**
	 * The watch failed and will be opened again.
	 * @param kind {@link Kind#UNAVAILABLE} if the API server cannot be reached or is
	 * busy, otherwise the application cannot ask it
	 * @param problem what is wrong
	 */
	default void interrupted(Kind kind, String problem) {
	}

	/**
	 * The server does not allow the watch, which is opened again unless it is closed.
	 * @param response the response
	 * @param kind what it means
	 * @return what is wrong
	 */
	String watchFailed(ApiException response, Kind kind);

}
