package io.kubelet.cert.test.json;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import org.jspecify.annotations.Nullable;

/**
 * Reads and builds JSON trees. Absent, null and wrongly typed members read alike: as
 * nothing.
 */
public final class Json {

	private Json() {
	}

	/** Parse exactly one JSON value, strictly. */
	public static JsonElement parse(String text) {
		try {
			JsonReader reader = new JsonReader(new StringReader(text));
			reader.setStrictness(Strictness.STRICT);
			JsonElement element = JsonParser.parseReader(reader);
			if (reader.peek() != JsonToken.END_DOCUMENT) {
				throw new JsonParseException("invalid character after top-level value");
			}
			return element;
		}
		catch (IOException ex) {
			throw new JsonParseException(ex.getMessage(), ex);
		}
	}

	/** An object with the given members, in order: name, value, name, value, ... */
	public static JsonObject object(@Nullable Object... members) {
		JsonObject object = new JsonObject();
		for (int i = 0; i < members.length; i += 2) {
			object.add(String.valueOf(members[i]), element(members[i + 1]));
		}
		return object;
	}

	/** An array of the given values. */
	public static JsonArray array(Collection<?> values) {
		JsonArray array = new JsonArray();
		values.forEach((value) -> array.add(element(value)));
		return array;
	}

	private static JsonElement element(@Nullable Object value) {
		if (value == null) {
			return JsonNull.INSTANCE;
		}
		if (value instanceof JsonElement element) {
			return element;
		}
		if (value instanceof Number number) {
			return new JsonPrimitive(number);
		}
		if (value instanceof Boolean flag) {
			return new JsonPrimitive(flag);
		}
		if (value instanceof Collection<?> collection) {
			return array(collection);
		}
		return new JsonPrimitive(value.toString());
	}

	/** The member reached by the path, or {@code null}. */
	public static @Nullable JsonElement at(@Nullable JsonElement from, String... path) {
		JsonElement current = from;
		for (String name : path) {
			current = (current instanceof JsonObject object) ? object.get(name) : null;
		}
		return (current instanceof JsonNull) ? null : current;
	}

	/** The text reached by the path; empty when there is none. */
	public static String text(@Nullable JsonElement from, String... path) {
		return (at(from, path) instanceof JsonPrimitive primitive) ? primitive.getAsString() : "";
	}

	/** The object reached by the path; a new, unattached one when there is none. */
	public static JsonObject objectAt(@Nullable JsonElement from, String... path) {
		return (at(from, path) instanceof JsonObject object) ? object : new JsonObject();
	}

	/** The elements of the array reached by the path; empty when there is none. */
	public static List<JsonElement> list(@Nullable JsonElement from, String... path) {
		List<JsonElement> list = new ArrayList<>();
		if (at(from, path) instanceof JsonArray array) {
			array.forEach(list::add);
		}
		return list;
	}

	/** The texts of the array reached by the path; empty when there is none. */
	public static List<String> texts(@Nullable JsonElement from, String... path) {
		return list(from, path).stream().map((element) -> text(element)).toList();
	}

	/** Copy the named members that are there, in the order of the names. */
	public static JsonObject pick(JsonObject from, String... names) {
		JsonObject picked = new JsonObject();
		for (String name : names) {
			JsonElement value = at(from, name);
			if (value != null) {
				picked.add(name, value.deepCopy());
			}
		}
		return picked;
	}

}
