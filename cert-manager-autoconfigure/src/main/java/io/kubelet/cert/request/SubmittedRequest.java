package io.kubelet.cert.request;

import java.time.Instant;
import java.util.List;

/**
 * The object that the signer has for a request.
 *
 * @param name the object's name
 * @param uid the object's UID: another object can have the same name, but never the same
 * UID
 * @param createdAt when the object was created, by the signer's clock
 * @param conditions the types of its conditions, such as {@code Approved}
 */
public record SubmittedRequest(String name, String uid, Instant createdAt, List<String> conditions) {

	public SubmittedRequest {
		conditions = List.copyOf(conditions);
	}

}
