package io.kubelet.cert.test.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;

import com.google.gson.JsonObject;

/**
 * Reads request bodies in the protobuf encoding, which kubectl and other Go programs
 * send. Answers are JSON, which they accept as well.
 */
public final class Protobuf {

	public static final String CONTENT_TYPE = "application/vnd.kubernetes.protobuf";

	private static final byte[] MAGIC = "k8s\0".getBytes(StandardCharsets.US_ASCII);

	private static final ProtobufMessage ENVELOPE = message()
		.message(1, "type", message().text(1, "apiVersion").text(2, "kind"))
		.bytes(2, "raw");

	private static final ProtobufMessage METADATA = message().text(1, "name")
		.text(2, "generateName")
		.text(3, "namespace")
		.text(5, "uid")
		.text(6, "resourceVersion")
		.time(8, "creationTimestamp")
		.textMap(11, "labels")
		.textMap(12, "annotations")
		.texts(14, "finalizers");

	private static final ProtobufMessage SIGNING_REQUEST = message().message(1, "metadata", METADATA)
		.message(2, "spec",
				message().bytes(1, "request")
					.text(2, "username")
					.text(3, "uid")
					.texts(4, "groups")
					.texts(5, "usages")
					.text(7, "signerName")
					.number(8, "expirationSeconds"))
		.message(3, "status",
				message()
					.messages(1, "conditions",
							message().text(1, "type")
								.text(2, "reason")
								.text(3, "message")
								.time(4, "lastUpdateTime")
								.time(5, "lastTransitionTime")
								.text(6, "status"))
					.bytes(2, "certificate"));

	private static final ProtobufMessage ACCESS_REVIEW = message().message(2, "spec",
			message()
				.message(1, "resourceAttributes",
						message().text(1, "namespace")
							.text(2, "verb")
							.text(3, "group")
							.text(4, "version")
							.text(5, "resource")
							.text(6, "subresource")
							.text(7, "name"))
				.message(2, "nonResourceAttributes", message().text(1, "path").text(2, "verb")));

	private static final ProtobufMessage SECRET = message().message(1, "metadata", METADATA)
		.bytesMap(2, "data")
		.text(3, "type")
		.textMap(4, "stringData")
		.flag(5, "immutable");

	private static final ProtobufMessage CONFIG_MAP = message().message(1, "metadata", METADATA)
		.textMap(2, "data")
		.bytesMap(3, "binaryData")
		.flag(4, "immutable");

	private static final ProtobufMessage TRUST_BUNDLE = message().message(1, "metadata", METADATA)
		.message(2, "spec", message().text(1, "signerName").text(2, "trustBundle"));

	private static final ProtobufMessage LEASE = message().message(1, "metadata", METADATA)
		.message(2, "spec",
				message().text(1, "holderIdentity")
					.number(2, "leaseDurationSeconds")
					.time(3, "acquireTime")
					.time(4, "renewTime")
					.number(5, "leaseTransitions"));

	private static final ProtobufMessage DELETE_OPTIONS = message().message(2, "preconditions",
			message().text(1, "uid").text(2, "resourceVersion"));

	private static final Map<String, ProtobufMessage> TYPES = Map.of("CertificateSigningRequest", SIGNING_REQUEST,
			"SelfSubjectReview", message(), "SelfSubjectAccessReview", ACCESS_REVIEW, "Secret", SECRET, "ConfigMap",
			CONFIG_MAP, "ClusterTrustBundle", TRUST_BUNDLE, "Lease", LEASE, "DeleteOptions", DELETE_OPTIONS);

	private Protobuf() {
	}

	private static ProtobufMessage message() {
		return new ProtobufMessage();
	}

	/**
	 * The JSON form of an object.
	 * @throws IllegalArgumentException if it is damaged, or of a type that is not known
	 */
	public static JsonObject read(byte[] body) {
		if (body.length < MAGIC.length || !Arrays.equals(body, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
			throw new IllegalArgumentException("provided data does not appear to be a protobuf message");
		}
		JsonObject envelope = ENVELOPE.read(Arrays.copyOfRange(body, MAGIC.length, body.length));
		String kind = Json.text(envelope, "type", "kind");
		ProtobufMessage type = TYPES.get(kind);
		if (type == null) {
			throw new IllegalArgumentException("no kind " + kind + " is known in protobuf");
		}
		JsonObject object = Json.object("apiVersion", Json.text(envelope, "type", "apiVersion"), "kind", kind);
		type.read(Base64.getDecoder().decode(Json.text(envelope, "raw")))
			.entrySet()
			.forEach((member) -> object.add(member.getKey(), member.getValue()));
		return object;
	}

}
