package io.kubelet.cert.kubernetes.internal.secret;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.store.CertificateStore.Stored;
import org.jspecify.annotations.Nullable;

/**
 * A Secret of the type {@code kubernetes.io/tls}, or its absence. It holds the pair under
 * the keys that every program expects, and the pending request. Other keys, labels and
 * annotations are kept.
 */
final class SecretObject {

	static final SecretObject ABSENT = new SecretObject(new JsonObject());

	/**
	 * A label that says that the Secret is managed here, and for which certificate. An
	 * annotation repeats it, should somebody remove the labels.
	 */
	private static final String CERTIFICATE_MARK = "cert.kubelet.io/certificate";

	private static final String DEADLINE_ANNOTATION = "cert.kubelet.io/rotation-deadline";

	/** The pair that a replica has stored, and to which the deadline belongs. */
	private static final String SERIAL_NUMBER_ANNOTATION = "cert.kubelet.io/serial-number";

	/** The pair without an authority that counts, and its issuer. */
	private static final String WITHOUT_AUTHORITY_ANNOTATION = "cert.kubelet.io/without-authority";

	/** When replicas have replaced what none of them had stored. */
	private static final String REPAIRS_ANNOTATION = "cert.kubelet.io/repairs";

	private static final Pattern INSTANTS = Pattern.compile("[0-9TZ.: -]{1,500}");

	private static final String TYPE = "kubernetes.io/tls";

	private static final String CERTIFICATE = "tls.crt";

	private static final String PRIVATE_KEY = "tls.key";

	private static final String AUTHORITIES = "ca.crt";

	private static final String PENDING_REQUEST = "request.pem";

	private final JsonObject json;

	private final String manager;

	private final String requestManager;

	SecretObject(JsonObject json) {
		this.json = json;
		this.manager = FieldManagers.ofData(metadata(), CERTIFICATE);
		this.requestManager = FieldManagers.ofData(metadata(), PENDING_REQUEST);
		metadata().remove("managedFields");
	}

	/** The program that has set the certificate, empty if a replica has. */
	String otherWriter() {
		return this.manager.equals(ApiObjects.USER_AGENT) ? "" : this.manager;
	}

	boolean exists() {
		return this.json.has("metadata");
	}

	/** The version of the object, empty if it does not exist. */
	String version() {
		return Objects.toString(ApiObjects.text(metadata(), "resourceVersion"), "");
	}

	/** Versions of objects of one type can be compared. */
	boolean isNewerThan(SecretObject other) {
		return revision() > other.revision();
	}

	private long revision() {
		return version().matches("\\d{1,18}") ? Long.parseLong(version()) : -1;
	}

	boolean isImmutable() {
		return "true".equals(ApiObjects.text(this.json, "immutable"));
	}

	/** Whether a replica has written it, and it was not created again since. */
	boolean isManaged() {
		return label() != null;
	}

	private @Nullable String label() {
		return ApiObjects.text(ApiObjects.member(metadata(), "labels"), CERTIFICATE_MARK);
	}

	/** Whether a replica has set the pair, or a request without one. */
	private boolean isWrittenHere() {
		return this.manager.equals(ApiObjects.USER_AGENT)
				|| (this.requestManager.equals(ApiObjects.USER_AGENT) && text(CERTIFICATE).isBlank());
	}

	private boolean isSameObject(SecretObject other) {
		String uid = ApiObjects.text(metadata(), "uid");
		return uid != null && uid.equals(ApiObjects.text(other.metadata(), "uid"));
	}

	private boolean isEmpty() {
		return Stream.of(CERTIFICATE, PRIVATE_KEY, PENDING_REQUEST).allMatch((key) -> text(key).isBlank());
	}

	/**
	 * Returns why a Secret must not be used for a certificate, as a clause; {@code null}
	 * if it may be. Somebody may have removed the label.
	 * @param managed the last state that a replica is known to have written
	 */
	@Nullable String foreignContent(String certificate, SecretObject managed) {
		String type = ApiObjects.text(this.json, "type");
		String label = label();
		String mark = (label != null) ? label : annotation(CERTIFICATE_MARK);
		boolean ofAnother = mark != null && !mark.equals(certificate);
		boolean own = (label != null) ? !ofAnother : isEmpty()
				|| (certificate.equals(managed.label()) && isSameObject(managed)) || (isWrittenHere() && !ofAnother);
		if (!exists() || (TYPE.equals(type) && own)) {
			return null;
		}
		if (!TYPE.equals(type)) {
			return "has the type %s, not %s".formatted(ExternalText.clean(String.valueOf(type)), TYPE);
		}
		return ofAnother
				? "is managed for certificate '%s' by its %s %s".formatted(ExternalText.clean(String.valueOf(mark)),
						(label != null) ? "label" : "annotation", CERTIFICATE_MARK)
				: "contains a certificate that %s has stored"
					.formatted(this.manager.isEmpty() ? "another program" : "'" + this.manager + "'");
	}

	/**
	 * Returns the pair without authorities, {@code null} if there is none.
	 * @throws MalformedPemException if there is something else
	 */
	@Nullable CertificatePair pair() {
		String certificate = text(CERTIFICATE);
		String privateKey = text(PRIVATE_KEY);
		return (certificate.isBlank() && privateKey.isBlank()) ? null : Pem.readPair(certificate, privateKey);
	}

	/** Returns the authorities, of which others may have added any. */
	List<X509Certificate> authorities() {
		return AuthorityBlocks.of(text(AUTHORITIES)).certificates();
	}

	/**
	 * Returns the pending request, {@code null} if there is none.
	 * @throws MalformedPemException if there is something else
	 */
	@Nullable PendingRequest pending() {
		String text = text(PENDING_REQUEST);
		return text.isBlank() ? null : PendingRequest.ofPem(text);
	}

	/**
	 * Returns when the rotation of a pair is due, {@code null} if no replica has stored
	 * this pair.
	 */
	@Nullable Instant deadline(@Nullable CertificatePair pair) {
		String deadline = annotation(DEADLINE_ANNOTATION);
		try {
			return (deadline != null && pair != null
					&& pair.serialNumber().equals(annotation(SERIAL_NUMBER_ANNOTATION))) ? Instant.parse(deadline)
							: null;
		}
		catch (DateTimeException ex) {
			return null;
		}
	}

	/**
	 * Whether it is known that an issuer returned no authority that counts with a pair.
	 */
	boolean isWithoutAuthority(CertificatePair pair, String issuer) {
		return withoutAuthority(pair, issuer).equals(annotation(WITHOUT_AUTHORITY_ANNOTATION));
	}

	private static String withoutAuthority(CertificatePair pair, String issuer) {
		return pair.serialNumber() + " " + issuer;
	}

	private @Nullable String annotation(String name) {
		return ApiObjects.text(ApiObjects.member(metadata(), "annotations"), name);
	}

	/** Returns when the pair was lately repaired, the earliest first. */
	List<Instant> repairs() {
		String repairs = ApiObjects.text(ApiObjects.member(metadata(), "annotations"), REPAIRS_ANNOTATION);
		try {
			return (repairs != null && INSTANTS.matcher(repairs).matches())
					? Stream.of(repairs.split(" ")).map(Instant::parse).toList() : List.of();
		}
		catch (DateTimeException ex) {
			return List.of();
		}
	}

	/** Returns a Secret to be created, with empty content. */
	static SecretObject create(String name) {
		return new SecretObject(ApiObjects
			.object(Map.of("apiVersion", "v1", "kind", "Secret", "type", TYPE, "metadata", Map.of("name", name))))
			.withPair(null, Set.of());
	}

	/**
	 * Returns this Secret with another pair and its authorities.
	 * @param pair the pair, {@code null} for none
	 * @param replaced the authorities to remove. All others stay for other programs
	 */
	SecretObject withPair(@Nullable CertificatePair pair, Set<X509Certificate> replaced) {
		SecretObject changed = copy();
		changed.set(CERTIFICATE, (pair != null) ? Pem.write(pair.chain()) : "");
		changed.set(PRIVATE_KEY, (pair != null) ? Pem.writePrivateKey(pair) : "");
		changed.setAuthorities((pair != null) ? pair.authorities() : List.of(), replaced);
		return changed;
	}

	/** Returns this Secret with further authorities before those that it has. */
	SecretObject withAuthorities(List<X509Certificate> further) {
		SecretObject changed = copy();
		changed.setAuthorities(further, Set.of());
		return changed;
	}

	private void setAuthorities(List<X509Certificate> first, Set<X509Certificate> removed) {
		AuthorityBlocks stored = AuthorityBlocks.of(text(AUTHORITIES));
		AuthorityBlocks changed = stored.with(first, removed);
		if (!changed.equals(stored)) {
			String text = changed.toPem();
			set(AUTHORITIES, text.isEmpty() ? null : text);
		}
	}

	/** Returns this Secret with the note that an issuer returned no authority. */
	SecretObject notedWithoutAuthority(CertificatePair pair, String issuer) {
		SecretObject changed = copy();
		member(changed.metadata(), "annotations").addProperty(WITHOUT_AUTHORITY_ANNOTATION,
				withoutAuthority(pair, issuer));
		return changed;
	}

	/** Returns this Secret with another pending request and other metadata. */
	SecretObject with(String certificate, Stored content) {
		SecretObject changed = copy();
		PendingRequest pending = content.pending();
		changed.set(PENDING_REQUEST, (pending != null) ? pending.toPem() : null);
		member(changed.metadata(), "labels").addProperty(CERTIFICATE_MARK, certificate);
		JsonObject annotations = member(changed.metadata(), "annotations");
		annotations.addProperty(CERTIFICATE_MARK, certificate);
		annotations.remove(DEADLINE_ANNOTATION);
		annotations.remove(SERIAL_NUMBER_ANNOTATION);
		annotations.remove(REPAIRS_ANNOTATION);
		if (!content.repairs().isEmpty()) {
			annotations.addProperty(REPAIRS_ANNOTATION,
					content.repairs().stream().map(Instant::toString).collect(Collectors.joining(" ")));
		}
		if (content.deadline() != null && content.pair() != null) {
			annotations.addProperty(DEADLINE_ANNOTATION, content.deadline().toString());
			annotations.addProperty(SERIAL_NUMBER_ANNOTATION, content.pair().serialNumber());
		}
		return changed;
	}

	/** Returns this Secret with another text under a key, {@code null} for no key. */
	SecretObject withText(String key, @Nullable String text) {
		SecretObject changed = copy();
		changed.set(key, text);
		return changed;
	}

	private SecretObject copy() {
		return new SecretObject(this.json.deepCopy());
	}

	private void set(String key, @Nullable String text) {
		JsonObject data = member(this.json, "data");
		if (text != null) {
			data.addProperty(key, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)));
		}
		else {
			data.remove(key);
		}
	}

	/** What is not encoded as it should be reads as a text that is no PEM. */
	String text(String key) {
		String encoded = Objects.toString(ApiObjects.text(ApiObjects.member(this.json, "data"), key), "");
		try {
			return new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
		}
		catch (IllegalArgumentException ex) {
			return "-";
		}
	}

	private JsonObject metadata() {
		return ApiObjects.member(this.json, "metadata");
	}

	/** Returns a member of an object, which is added if it is missing. */
	private static JsonObject member(JsonObject object, String name) {
		JsonObject member = ApiObjects.member(object, name);
		object.add(name, member);
		return member;
	}

	JsonObject json() {
		return this.json;
	}

}
