package io.kubelet.cert.request;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * The object that the signer has for a request.
 *
 * @param name the object's name
 * @param uid the object's UID: another object can have the same name, but never the same
 * UID
 * @param createdAt when the object was created, by the signer's clock
 * @param conditions the types of its conditions that are true, such as {@code Approved}
 * @param message what the signer says about a request that is pending, empty if it says
 * nothing
 * @param authorities the authorities that the signer reports with the certificate, empty
 * if it reports none
 * @param interruption why changes to the object are not received for now, empty if they
 * are
 */
public record SubmittedRequest(String name, String uid, Instant createdAt, List<String> conditions, String message,
		List<X509Certificate> authorities, String interruption) {

	public SubmittedRequest {
		conditions = List.copyOf(conditions);
		authorities = List.copyOf(authorities);
	}

	/**
	 * Creates an object without a message and authorities.
	 * @param name the object's name
	 * @param uid the object's UID
	 * @param createdAt when the object was created
	 * @param conditions the types of its conditions
	 */
	public SubmittedRequest(String name, String uid, Instant createdAt, List<String> conditions) {
		this(name, uid, createdAt, conditions, "", List.of(), "");
	}

	/**
	 * Returns the same object, whose changes are not received for now.
	 * @param interruption why
	 * @return the object
	 */
	public SubmittedRequest interrupted(String interruption) {
		return new SubmittedRequest(this.name, this.uid, this.createdAt, this.conditions, this.message,
				this.authorities, interruption);
	}

}
