package io.kubelet.cert.test.resource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.FieldError;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.pki.SigningRequest;
import io.kubelet.cert.test.pki.Usages;
import org.bouncycastle.util.io.pem.PemObject;
import org.jspecify.annotations.Nullable;

/**
 * What a certificate request of cert-manager must fulfil, in the words of the API server
 * and of cert-manager's webhook.
 */
final class CertificateRequestValidation {

	/** They are in the order of the custom resource definition. */
	private static final List<String> USAGES = List.of("signing", "digital signature", "content commitment",
			"key encipherment", "key agreement", "data encipherment", "cert sign", "crl sign", "encipher only",
			"decipher only", "any", "server auth", "client auth", "code signing", "email protection", "s/mime",
			"ipsec end system", "ipsec tunnel", "ipsec user", "timestamping", "ocsp signing", "microsoft sgc",
			"netscape sgc");

	private static final String CONDITIONS = "status.conditions";

	private CertificateRequestValidation() {
	}

	/** What the custom resource definition requires. */
	static List<FieldError> schema(JsonObject object) {
		List<FieldError> errors = new ArrayList<>();
		if (Json.at(object, "spec", "request") == null) {
			errors.add(new FieldError("spec.request", "FieldValueTypeInvalid",
					"Invalid value: \"null\": spec.request in body must be of type string: \"null\""));
		}
		List<String> usages = Json.texts(object, "spec", "usages");
		for (int i = 0; i < usages.size(); i++) {
			if (!USAGES.contains(usages.get(i))) {
				errors.add(FieldError.notSupported("spec.usages[" + i + "]", usages.get(i), USAGES));
			}
		}
		return errors;
	}

	/** What the webhook requires. */
	static List<FieldError> webhook(JsonObject object, @Nullable JsonObject existing) {
		List<FieldError> errors = new ArrayList<>();
		if (existing == null) {
			issuer(object, errors);
			request(object, errors);
		}
		else {
			unchanged(object, existing, errors);
		}
		if (RequestType.has(object, "Approved") && RequestType.has(object, "Denied")) {
			errors.add(FieldError.forbidden(CONDITIONS, "both 'Denied' and 'Approved' conditions cannot coexist"));
		}
		return errors;
	}

	private static void issuer(JsonObject object, List<FieldError> errors) {
		IssuerReference issuer = IssuerReference.of(object);
		if (issuer.name().isEmpty()) {
			errors.add(FieldError.required("spec.issuerRef.name", "must be specified"));
		}
		if (issuer.isOfCertManager() && !List.of("Issuer", "ClusterIssuer").contains(issuer.kind())) {
			errors.add(
					FieldError.invalid("spec.issuerRef.kind", issuer.kind(), "must be one of Issuer or ClusterIssuer"));
		}
	}

	private static void request(JsonObject object, List<FieldError> errors) {
		String base64 = Json.text(object, "spec", "request");
		try {
			List<PemObject> blocks = Pem.read(Pem.decode(base64));
			if (blocks.isEmpty()) {
				throw new IllegalArgumentException("error decoding certificate request PEM block");
			}
			usages(SigningRequest.parse(blocks.get(0)), Json.texts(object, "spec", "usages"));
		}
		catch (IllegalArgumentException ex) {
			errors.add(new FieldError("spec.request", "FieldValueInvalid",
					"Invalid value: " + bytes(base64) + ": " + ex.getMessage()));
		}
	}

	/** Usages in the request, if there are any, must be those beside it. */
	private static void usages(SigningRequest request, List<String> expected) {
		Usages requested = request.usages();
		if (requested == null || expected.isEmpty()) {
			return;
		}
		Usages usages = Usages.of(expected);
		if (requested.keyUsage() != usages.keyUsage()) {
			throw new IllegalArgumentException(
					"encoded CSR error: the KeyUsages %s do not match the expected KeyUsages %s"
						.formatted(quoted(requested.keyUsageNames()), quoted(usages.keyUsageNames())));
		}
		if (!requested.purposes().equals(usages.purposes())) {
			throw new IllegalArgumentException(
					"encoded CSR error: the ExtKeyUsages %s do not match the expected ExtKeyUsages %s"
						.formatted(quoted(requested.purposeNames()), quoted(usages.purposeNames())));
		}
	}

	private static String quoted(List<String> words) {
		return words.stream().map((word) -> " '" + word + "'").collect(Collectors.joining(",", "[", " ]"));
	}

	/** Returns bytes as Go prints them. */
	private static String bytes(String base64) {
		byte[] bytes = Pem.decode(base64).getBytes(StandardCharsets.UTF_8);
		List<String> values = new ArrayList<>();
		for (byte value : bytes) {
			values.add("0x" + HexFormat.of().toHexDigits(value).replaceFirst("^0", ""));
		}
		return "[]byte{" + String.join(", ", values) + "}";
	}

	private static void unchanged(JsonObject object, JsonObject existing, List<FieldError> errors) {
		for (String decision : List.of("Approved", "Denied")) {
			List<JsonElement> before = RequestType.conditions(existing, decision);
			if (!before.isEmpty() && !before.equals(RequestType.conditions(object, decision))) {
				errors.add(FieldError.forbidden(CONDITIONS,
						"'%s' condition may not be modified once set".formatted(decision)));
			}
		}
		if (!Json.objectAt(object, "spec").equals(Json.objectAt(existing, "spec"))) {
			errors.add(FieldError.forbidden("spec", "cannot change spec after creation"));
		}
	}

}
