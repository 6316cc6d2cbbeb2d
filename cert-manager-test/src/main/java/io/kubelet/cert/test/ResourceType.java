package io.kubelet.cert.test;

import java.util.List;
import java.util.Set;

import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * A kind of object that the server keeps, and its rules. What is common to all kinds is
 * in {@link ObjectRequests}; a subclass adds what is its own. The objects handed to the
 * methods are copies, free to be changed.
 */
abstract class ResourceType {

	private final String group;

	private final String version;

	private final String plural;

	private final String kind;

	private final boolean namespaced;

	ResourceType(String group, String plural, String kind, boolean namespaced) {
		this(group, "v1", plural, kind, namespaced);
	}

	/** Create a type in one of the versions of its API; all share the objects. */
	ResourceType(String group, String version, String plural, String kind, boolean namespaced) {
		this.group = group;
		this.version = version;
		this.plural = plural;
		this.kind = kind;
		this.namespaced = namespaced;
	}

	final String group() {
		return this.group;
	}

	final String version() {
		return this.version;
	}

	final String plural() {
		return this.plural;
	}

	final String kind() {
		return this.kind;
	}

	final boolean isNamespaced() {
		return this.namespaced;
	}

	final String apiVersion() {
		return this.group.isEmpty() ? this.version : this.group + "/" + this.version;
	}

	/** Whether the other is this type, in whatever version. */
	final boolean isSame(ResourceType other) {
		return this.group.equals(other.group) && this.plural.equals(other.plural);
	}

	/** The object as this version shows it. */
	final JsonObject view(JsonObject object) {
		if (Json.text(object, "apiVersion").equals(apiVersion())) {
			return object;
		}
		JsonObject view = object.deepCopy();
		view.addProperty("apiVersion", apiVersion());
		return view;
	}

	/** Where its API group is served, as in {@code /apis/certificates.k8s.io/v1}. */
	final String path() {
		return (this.group.isEmpty() ? "/api/" : "/apis/") + apiVersion();
	}

	/** The name that error messages give to the internal form. */
	final String internalName() {
		return (this.group.isEmpty() ? "core" : this.group.substring(0, this.group.indexOf('.'))) + "." + this.kind;
	}

	/** The short names that kubectl knows. */
	List<String> shortNames() {
		return List.of();
	}

	/** What discovery says of the form it is stored in; empty for nothing. */
	String storageVersionHash() {
		return "";
	}

	/** The parts that can be read and written by themselves. */
	Set<String> subresources() {
		return Set.of();
	}

	/** The fields, beyond name and namespace, that a selector may name. */
	Set<String> selectableFields() {
		return Set.of();
	}

	/** The columns of {@code kubectl get} after the name. */
	List<TableColumn> columns() {
		return List.of(TableColumn.AGE);
	}

	/** What is left of an object that only carries a resource version. */
	JsonObject blank() {
		return new JsonObject();
	}

	/** The known members of a new object, without its metadata. */
	abstract JsonObject prepareForCreate(JsonObject submitted, Caller caller);

	/**
	 * The known members of a changed object, without its metadata.
	 * @param subresource the part that is written; empty for the object itself
	 */
	abstract JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing);

	/**
	 * What is wrong with an object.
	 * @param subresource the part that is written; empty for the object itself
	 * @param existing what it replaces; {@code null} when it is new
	 */
	List<FieldError> validate(String subresource, JsonObject object, @Nullable JsonObject existing) {
		return List.of();
	}

	/** Refuse, by throwing, what is valid but not permitted. */
	void admit(String subresource, JsonObject object, @Nullable JsonObject existing, Caller caller) {
	}

	/** Whether its names must be such as DNS allows. */
	boolean isNamedAsSubdomain() {
		return false;
	}

	/** Whether an update may leave out which version it is based on. */
	boolean isUpdatedUnconditionally() {
		return true;
	}

	/** The lists that a strategic merge patch merges by the member {@code type}. */
	Set<String> mergedByType() {
		return Set.of();
	}

}
