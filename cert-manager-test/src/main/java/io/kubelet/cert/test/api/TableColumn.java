package io.kubelet.cert.test.api;

import java.time.Duration;
import java.time.Instant;
import java.util.function.BiFunction;
import java.util.function.Function;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;

/**
 * A column of a table, as {@code kubectl get} prints it.
 *
 * @param name its heading
 * @param value the text of its cell for an object, at a time
 */
public record TableColumn(String name, BiFunction<JsonObject, Instant, String> value) {

	public static final TableColumn AGE = new TableColumn("Age", TableColumn::age);

	public static TableColumn of(String name, Function<JsonObject, String> value) {
		return new TableColumn(name, (object, now) -> value.apply(object));
	}

	private static String age(JsonObject object, Instant now) {
		String created = Json.text(object, "metadata", "creationTimestamp");
		return created.isEmpty() ? "<unknown>" : shortened(Duration.between(Instant.parse(created), now));
	}

	/** A duration as kubectl prints it: one or two units. */
	public static String shortened(Duration duration) {
		long seconds = Math.max(0, duration.toSeconds());
		if (seconds < 120) {
			return seconds + "s";
		}
		if (seconds < 600) {
			return seconds / 60 + "m" + ((seconds % 60 == 0) ? "" : seconds % 60 + "s");
		}
		if (seconds < 3 * 3600) {
			return seconds / 60 + "m";
		}
		if (seconds < 8 * 3600) {
			return seconds / 3600 + "h" + ((seconds / 60 % 60 == 0) ? "" : seconds / 60 % 60 + "m");
		}
		if (seconds < 48 * 3600) {
			return seconds / 3600 + "h";
		}
		return seconds / 86400 + "d";
	}

}
