package io.kubelet.cert.test.resource;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.CertificateAuthority;
import org.jspecify.annotations.Nullable;

/**
 * The issuers that there are. Each has an authority of its own, and one that is deleted
 * and created again has another.
 */
public final class Issuers {

	private final List<ResourceType> types;

	private final ObjectStore store;

	private final Map<String, CertificateAuthority> authorities = new ConcurrentHashMap<>();

	private volatile boolean signingRequests;

	public Issuers(List<ResourceType> types, ObjectStore store) {
		this.types = types;
		this.store = store;
	}

	/**
	 * The type of the issuer that a request names; {@code null} if it is not installed.
	 */
	public @Nullable ResourceType type(JsonObject request) {
		IssuerReference reference = IssuerReference.of(request);
		return type(reference.group(), reference.kind());
	}

	public @Nullable ResourceType type(String group, String kind) {
		return this.types.stream()
			.filter((type) -> type.group().equals(group) && type.kind().equals(kind))
			.findFirst()
			.orElse(null);
	}

	/** The issuer that a request names; {@code null} if there is none. */
	public @Nullable JsonObject find(JsonObject request) {
		ResourceType type = type(request);
		return (type == null) ? null
				: this.store.find(type, type.isNamespaced() ? Json.text(request, "metadata", "namespace") : "",
						IssuerReference.of(request).name());
	}

	/** Let issuers also sign certificate signing requests that name them. */
	public void signSigningRequests() {
		this.signingRequests = true;
	}

	/**
	 * The issuer that a certificate signing request names, as in
	 * {@code clusterissuers.cert-manager.io/internal}; {@code null} if there is none.
	 */
	public @Nullable JsonObject findBySignerName(String signerName) {
		int slash = signerName.indexOf('/');
		return !this.signingRequests ? null
				: this.types.stream()
					.filter((type) -> (type.plural() + "." + type.group()).equals(signerName.substring(0, slash)))
					.map((type) -> this.store.find(type, "", signerName.substring(slash + 1)))
					.filter(Objects::nonNull)
					.findFirst()
					.orElse(null);
	}

	public CertificateAuthority authority(JsonObject issuer) {
		return this.authorities.computeIfAbsent(Json.text(issuer, "metadata", "uid"),
				(uid) -> CertificateAuthority.create(Json.text(issuer, "metadata", "name") + "-ca"));
	}

}
