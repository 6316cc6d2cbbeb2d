package io.kubelet.cert.request;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;

/**
 * The port to whoever approves and signs certificate signing requests. Implementations
 * are safe for use by several threads.
 */
public interface CertificateSigner {

	/**
	 * Have a request answered, without a limit of time. Does not block.
	 * <p>
	 * A request with a UID was created earlier: it is found, and waited for. One without
	 * is created; if an object of its name is there already and is this very request
	 * (same subject, signer and key), it is taken instead, so that a creation whose
	 * answer was lost can be repeated (contract row C20).
	 * @param request the request
	 * @param progress told of the object once the signer has it, and at each change to
	 * it, on any thread
	 * @return the issued chain, leaf first. It completes on any thread, exceptionally
	 * with a {@link RequestException}; cancelling it stops the work behind it
	 */
	CompletableFuture<List<X509Certificate>> request(CertificateRequest request, Consumer<SubmittedRequest> progress);

}
