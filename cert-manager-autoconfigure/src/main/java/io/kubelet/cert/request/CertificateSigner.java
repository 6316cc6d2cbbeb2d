package io.kubelet.cert.request;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;

/**
 * The port to the approver and signer of certificate signing requests. Implementations
 * are thread-safe.
 */
public interface CertificateSigner {

	/**
	 * Submits a request and waits for its certificate. Does not block and has no time
	 * limit.
	 * <p>
	 * A request with a UID was created earlier: it is looked up and waited for. One
	 * without a UID is created. If an object of its name exists already and is the same
	 * request (same subject, signer and key), that object is used, so that a creation can
	 * be repeated if its response was lost or the process was restarted.
	 * @param request the request
	 * @param progress called with the object once the signer has it, and at each change
	 * to it, on any thread
	 * @return the issued chain, leaf first. It completes on any thread, exceptionally
	 * with a {@link RequestException}; cancelling it stops the work behind it
	 */
	CompletableFuture<List<X509Certificate>> request(CertificateRequest request, Consumer<SubmittedRequest> progress);

	/**
	 * Waits for the certificate of a request that another replica submits, as
	 * {@link #request} does for one of ours. An implementation looks it up and does not
	 * create it, since anybody who can write the Secret may have stored it: if there is
	 * no object of its name, the request is lost. The default submits it nevertheless.
	 * @param request the request
	 * @param progress called with the object, and at each change to it, on any thread
	 * @return the issued chain, as that of {@link #request}
	 */
	default CompletableFuture<List<X509Certificate>> join(CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		return request(request, progress);
	}

	/**
	 * Looks at the object of a request that is waited for, because changes may not arrive
	 * although nothing reports that: a proxy can hold a stream back. Does not block. What
	 * is found is reported as a change is. By default, nothing is done.
	 * @param request the request
	 */
	default void look(CertificateRequest request) {
	}

	/**
	 * Returns whether objects remain until {@link #discard} removes them.
	 * @return {@code false} by default
	 */
	default boolean keepsObjects() {
		return false;
	}

	/**
	 * Removes the object of a request that has ended, unless the API server removes it.
	 * Does not block. By default there is nothing to remove.
	 * @param request a request that was answered or abandoned. One without a UID was
	 * submitted by an earlier process, if at all
	 * @return completes on any thread when nothing more will be done. It never completes
	 * exceptionally
	 */
	default CompletableFuture<?> discard(CertificateRequest request) {
		return CompletableFuture.completedFuture(null);
	}

	/**
	 * The object that the signer has for a request.
	 *
	 * @param name the object's name
	 * @param namespace the object's namespace, empty if it has none
	 * @param uid the object's UID: another object can have the same name, but never the
	 * same UID
	 * @param createdAt when the object was created, by the signer's clock
	 * @param conditions the types of its conditions that are true, such as
	 * {@code Approved}
	 * @param message what the signer says about a request that is pending, empty if it
	 * says nothing
	 * @param authorities the authorities that the signer reports with the certificate,
	 * empty if it reports none
	 * @param interruption why changes to the object are not received for now, empty if
	 * they are
	 */
	record SubmittedRequest(String name, String namespace, String uid, Instant createdAt, List<String> conditions,
			String message, List<X509Certificate> authorities, String interruption) {

		public SubmittedRequest {
			conditions = List.copyOf(conditions);
			authorities = List.copyOf(authorities);
		}

		/**
		 * Creates an object without a namespace, a message and authorities.
		 * @param name the object's name
		 * @param uid the object's UID
		 * @param createdAt when the object was created
		 * @param conditions the types of its conditions
		 */
		public SubmittedRequest(String name, String uid, Instant createdAt, List<String> conditions) {
			this(name, "", uid, createdAt, conditions, "", List.of(), "");
		}

		/**
		 * Returns the same object, whose changes are not received for now.
		 * @param interruption why
		 * @return the object
		 */
		public SubmittedRequest interrupted(String interruption) {
			return new SubmittedRequest(this.name, this.namespace, this.uid, this.createdAt, this.conditions,
					this.message, this.authorities, interruption);
		}

	}

}
