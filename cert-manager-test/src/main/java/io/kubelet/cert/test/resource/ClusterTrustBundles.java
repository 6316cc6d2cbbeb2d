package io.kubelet.cert.test.resource;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.DnsName;
import io.kubelet.cert.test.api.FieldError;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import org.bouncycastle.util.io.pem.PemObject;
import org.jspecify.annotations.Nullable;

/**
 * The rules of cluster trust bundles: the name begins with that of the signer, and the
 * content is nothing but certificates of authorities.
 */
public final class ClusterTrustBundles extends ResourceType {

	public static final String PLURAL = "clustertrustbundles";

	private static final String CONTENT = "spec.trustBundle";

	private final BiPredicate<Caller, Access> permitted;

	/**
	 * Create the rules.
	 * @param version the version of the API
	 * @param permitted says whether a caller may do something, for the signers'
	 * permissions
	 */
	public ClusterTrustBundles(String version, BiPredicate<Caller, Access> permitted) {
		super(CertificateSigningRequests.GROUP, version, PLURAL, "ClusterTrustBundle", false);
		this.permitted = permitted;
	}

	@Override
	public Set<String> selectableFields() {
		return Set.of("spec.signerName");
	}

	@Override
	public JsonObject blank() {
		return Json.object("spec", Json.object("trustBundle", ""));
	}

	@Override
	public boolean isUpdatedUnconditionally() {
		return false;
	}

	@Override
	public JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		return Json.object("spec", Json.pick(Json.objectAt(submitted, "spec"), "signerName", "trustBundle"));
	}

	@Override
	public JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		return prepareForCreate(submitted, Caller.ANONYMOUS);
	}

	@Override
	public List<FieldError> validate(String subresource, JsonObject object, @Nullable JsonObject existing) {
		String signer = signer(object);
		List<FieldError> errors = new ArrayList<>(validateName(Json.text(object, "metadata", "name"), signer));
		if (!signer.isEmpty()) {
			errors.addAll(SignerName.validate("spec.signerName", signer));
		}
		String content = Json.text(object, "spec", "trustBundle");
		if (existing == null || !content.equals(Json.text(existing, "spec", "trustBundle"))) {
			errors.addAll(validateContent(content));
		}
		if (existing != null && !signer.equals(signer(existing))) {
			errors.add(FieldError.invalid("spec.signerName", signer, "field is immutable"));
		}
		return errors;
	}

	private static List<FieldError> validateName(String name, String signer) {
		String prefix = signer.isEmpty() ? "" : signer.replace('/', ':') + ":";
		String problem = null;
		if (signer.isEmpty() && name.contains(":")) {
			problem = "ClusterTrustBundle without signer name must not have \":\" in its name";
		}
		else if (!name.startsWith(prefix)) {
			problem = "ClusterTrustBundle for signerName %s must be named with prefix %s".formatted(signer, prefix);
		}
		else if (!DnsName.isSubdomain(name.substring(prefix.length()))) {
			problem = DnsName.NO_SUBDOMAIN;
		}
		return (problem != null) ? List.of(FieldError.invalid("metadata.name", name, problem)) : List.of();
	}

	private static List<FieldError> validateContent(String content) {
		List<FieldError> errors = new ArrayList<>();
		Map<String, Integer> entries = new HashMap<>();
		List<PemObject> blocks = Pem.read(content);
		for (int i = 0; i < blocks.size(); i++) {
			String problem = problem(blocks.get(i));
			if (problem != null) {
				errors.add(invalidContent("entry " + i + " " + problem));
			}
			Integer same = entries.putIfAbsent(HexFormat.of().formatHex(blocks.get(i).getContent()), i);
			if (same != null) {
				errors.add(invalidContent("duplicate trust anchor (indices [" + same + " " + i + "])"));
			}
		}
		if (blocks.isEmpty()) {
			errors.add(invalidContent("at least one trust anchor must be provided"));
		}
		return errors;
	}

	private static @Nullable String problem(PemObject block) {
		if (!block.getType().equals("CERTIFICATE")) {
			return "has bad block type: " + block.getType();
		}
		if (!block.getHeaders().isEmpty()) {
			return "has PEM block headers";
		}
		try {
			X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
				.generateCertificate(new ByteArrayInputStream(block.getContent()));
			return (certificate.getBasicConstraints() < 0) ? "does not have the CA bit set" : null;
		}
		catch (CertificateException ex) {
			return "does not parse as X.509";
		}
	}

	private static FieldError invalidContent(String detail) {
		return FieldError.invalid(CONTENT, "<value omitted>", detail);
	}

	/** Publishing for a signer needs a permission for the signer, too. */
	@Override
	public void admit(String subresource, JsonObject object, @Nullable JsonObject existing, Caller caller) {
		String signer = signer(object);
		if (!signer.isEmpty() && !SignerName.isPermitted(signer, "attest", caller, this.permitted)) {
			throw ApiFailure.forbidden(group(), PLURAL, Json.text(object, "metadata", "name"),
					"user not permitted to attest for signerName \"%s\"".formatted(signer));
		}
	}

	private static String signer(JsonObject bundle) {
		return Json.text(bundle, "spec", "signerName");
	}

}
