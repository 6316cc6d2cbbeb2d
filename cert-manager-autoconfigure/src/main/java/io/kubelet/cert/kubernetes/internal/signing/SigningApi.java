package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.RequestException;

/**
 * Describes an API of the cluster through which certificates are requested.
 */
interface SigningApi {

	/**
	 * Returns where the objects are.
	 * @return the path of their list
	 */
	String path();

	/**
	 * Returns the object that is to be created for a request.
	 * @param request the request
	 * @return the object, without a name and labels
	 */
	JsonObject newObject(CertificateRequest request);

	/**
	 * Returns the signer that an object names.
	 * @param object the object
	 * @return the signer
	 */
	Signer signer(RequestObject object);

	/**
	 * Returns the chain that was issued for an object.
	 * @param object the object
	 * @return the chain, empty if there is no answer yet
	 * @throws RequestException if the request was denied, the signer did not sign it, or
	 * the issued data is not a certificate
	 */
	Optional<List<X509Certificate>> issuedChain(RequestObject object);

	/**
	 * Returns what the signer says about a request that is pending.
	 * @param object the object
	 * @return the message, empty if it says nothing
	 */
	default String message(RequestObject object) {
		return "";
	}

	/**
	 * Returns the authorities that the signer reports with the certificate.
	 * @param object the object
	 * @return the authorities, empty if it reports none
	 */
	default List<X509Certificate> authorities(RequestObject object) {
		return List.of();
	}

	/**
	 * Returns whether objects remain until the requester deletes them.
	 * @return {@code true} if nothing else deletes them
	 */
	default boolean keepsObjects() {
		return false;
	}

}
