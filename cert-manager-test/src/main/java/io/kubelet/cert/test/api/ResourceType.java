package io.kubelet.cert.test.api;

import java.util.List;
import java.util.Set;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * A kind of object that the server keeps, and its rules. What is common to all kinds is
 * in {@link ObjectRequests}; a subclass adds what is its own. The objects handed to the
 * methods are copies, free to be changed.
 */
public abstract class ResourceType {

	private final String group;

	private final String version;

	private final String plural;

	private final String kind;

	private final boolean namespaced;

	public ResourceType(String group, String plural, String kind, boolean namespaced) {
		this(group, "v1", plural, kind, namespaced);
	}

	/** Create a type in one of the versions of its API; all share the objects. */
	public ResourceType(String group, String version, String plural, String kind, boolean namespaced) {
		this.group = group;
		this.version = version;
		this.plural = plural;
		this.kind = kind;
		this.namespaced = namespaced;
	}

	public final String group() {
		return this.group;
	}

	public final String version() {
		return this.version;
	}

	public final String plural() {
		return this.plural;
	}

	public final String kind() {
		return this.kind;
	}

	public final boolean isNamespaced() {
		return this.namespaced;
	}

	public final String apiVersion() {
		return this.group.isEmpty() ? this.version : this.group + "/" + this.version;
	}

	/** Whether the other is this type, in whatever version. */
	public final boolean isSame(ResourceType other) {
		return this.group.equals(other.group) && this.plural.equals(other.plural);
	}

	/** The object as this version shows it. */
	public final JsonObject view(JsonObject object) {
		if (Json.text(object, "apiVersion").equals(apiVersion())) {
			return object;
		}
		JsonObject view = object.deepCopy();
		view.addProperty("apiVersion", apiVersion());
		return view;
	}

	/** Where its API group is served, as in {@code /apis/certificates.k8s.io/v1}. */
	public final String path() {
		return (this.group.isEmpty() ? "/api/" : "/apis/") + apiVersion();
	}

	/** The name that error messages give to the internal form. */
	public final String internalName() {
		return (this.group.isEmpty() ? "core" : this.group.substring(0, this.group.indexOf('.'))) + "." + this.kind;
	}

	/** The short names that kubectl knows. */
	public List<String> shortNames() {
		return List.of();
	}

	/** The parts that can be read and written by themselves. */
	public Set<String> subresources() {
		return Set.of();
	}

	/** The fields, beyond name and namespace, that a selector may name. */
	public Set<String> selectableFields() {
		return Set.of();
	}

	/** What is left of an object that only carries a resource version. */
	public JsonObject blank() {
		return new JsonObject();
	}

	/** The known members of a new object, without its metadata. */
	public abstract JsonObject prepareForCreate(JsonObject submitted, Caller caller);

	/**
	 * The known members of a changed object, without its metadata.
	 * @param subresource the part that is written; empty for the object itself
	 */
	public abstract JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing);

	/**
	 * What is wrong with an object.
	 * @param subresource the part that is written; empty for the object itself
	 * @param existing what it replaces; {@code null} when it is new
	 */
	public List<FieldError> validate(String subresource, JsonObject object, @Nullable JsonObject existing) {
		return List.of();
	}

	/** Refuse, by throwing, what is valid but not permitted. */
	public void admit(String subresource, JsonObject object, @Nullable JsonObject existing, Caller caller) {
	}

	/** The groups of types that kubectl knows, as in {@code all}. */
	public List<String> categories() {
		return List.of();
	}

	/**
	 * Whether a custom resource definition declares it. Its objects then have a
	 * generation, and state their type in lists, too.
	 */
	public boolean isCustom() {
		return false;
	}

	/** What to warn of in an object that is accepted. */
	public List<String> warnings(JsonObject submitted) {
		return List.of();
	}

	/** Whether its names must be such as DNS allows. */
	public boolean isNamedAsSubdomain() {
		return false;
	}

	/** Whether the metadata states which client has set which field. */
	public boolean hasFieldManagers() {
		return false;
	}

	/** Whether an update may leave out which version it is based on. */
	public boolean isUpdatedUnconditionally() {
		return true;
	}

}
