package io.kubelet.cert.kubernetes;

import java.util.Map;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.apis.CertificatesV1Api.APIlistCertificateSigningRequestRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import okhttp3.Call;
import org.jspecify.annotations.Nullable;

/**
 * Which objects a watch is about: those of one requester, by their label, or else one
 * object by its name.
 *
 * @param byLabel whether it goes by the label
 * @param value the label's value, or the name
 */
record Selector(boolean byLabel, String value) {

	/** The label of the objects that one signer has created. */
	static final String LABEL = "cert.kubelet.io/requester";

	/** The widest selector of an object, so that many wait with the same one. */
	static Selector of(V1CertificateSigningRequest object) {
		Map<String, String> labels = Answers.labels(object);
		String requester = labels.get(LABEL);
		return (requester != null) ? new Selector(true, requester) : new Selector(false, Answers.name(object));
	}

	/** A call of the watch. */
	Call call(ApiClient client, @Nullable String resourceVersion, @Nullable Integer seconds) throws ApiException {
		APIlistCertificateSigningRequestRequest list = new CertificatesV1Api(client).listCertificateSigningRequest();
		return (this.byLabel ? list.labelSelector(LABEL + "=" + this.value)
				: list.fieldSelector("metadata.name=" + this.value))
			.watch(seconds != null)
			.allowWatchBookmarks(seconds != null)
			.resourceVersion(resourceVersion)
			.timeoutSeconds(seconds)
			.buildCall(null);
	}

}
