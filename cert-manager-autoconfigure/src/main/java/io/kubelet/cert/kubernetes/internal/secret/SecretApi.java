package io.kubelet.cert.kubernetes.internal.secret;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

import com.google.gson.JsonParseException;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Call;

/**
 * Reads and writes one Secret. The kind of an exception is that of the API server's
 * answer.
 *
 * @param namespace the namespace of the Secret
 * @param name the name of the Secret
 * @param clients returns the client to use; called for each request
 */
record SecretApi(String namespace, String name, Supplier<ApiClient> clients) {

	/** A rotation waits for the answer. */
	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	/** The path of the list. */
	String path() {
		return "/api/v1/namespaces/" + this.namespace + "/secrets";
	}

	SecretObject read() {
		try {
			return send((client) -> ApiObjects.read(client, path(), this.name));
		}
		catch (CertificateManagerException ex) {
			if (statusCode(ex) == 404) {
				return SecretObject.ABSENT;
			}
			throw new StoreException(ex.kind(), "Cannot read " + this + ": " + ex.getMessage(), ex);
		}
	}

	/**
	 * Replaces a Secret, or creates it, unless it has changed.
	 * @throws CertificateStore.ConflictException if it has changed
	 */
	SecretObject write(SecretObject present, SecretObject changed) {
		if (present.isImmutable()) {
			throw new StoreException(
					("%s is immutable, so no pair can be stored in it. Delete it ('kubectl delete secret --namespace %s %s'): "
							+ "it is created again")
						.formatted(this, this.namespace, this.name),
					null);
		}
		try {
			return send((client) -> present.exists() ? ApiObjects.replace(client, path(), this.name, changed.json())
					: ApiObjects.create(client, path(), changed.json()));
		}
		catch (CertificateManagerException ex) {
			int code = statusCode(ex);
			if (code == 409 || (code == 404 && present.exists())) {
				throw new CertificateStore.ConflictException("Another process has changed " + this);
			}
			String alternative = (code == 403 && !present.exists())
					? "\nOr the deployment creates the Secret, of type kubernetes.io/tls and without a pair" : "";
			throw new StoreException(ex.kind(), "Cannot store in " + this + ": " + ex.getMessage() + alternative, ex);
		}
	}

	private SecretObject send(Function<ApiClient, Call> request) {
		ApiClient client = this.clients.get();
		Call call = request.apply(client);
		call.timeout().timeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
		try {
			return new SecretObject(ApiObjects.execute(call));
		}
		catch (ApiException | IOException | JsonParseException ex) {
			throw new ApiFailures(client.toString()).translate(ex, null);
		}
	}

	private static int statusCode(CertificateManagerException failure) {
		return (failure instanceof RequestException answer) ? answer.statusCode() : 0;
	}

	@Override
	public String toString() {
		return "Secret " + this.namespace + "/" + this.name;
	}

}
