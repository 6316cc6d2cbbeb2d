package io.kubelet.cert.test.json;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.google.gson.JsonObject;

/**
 * Reads as much of the protobuf encoding as kubectl needs to approve and deny certificate
 * signing requests: kind, metadata and conditions. Whatever else kubectl sends is JSON,
 * and so are all answers, which it accepts.
 */
public final class Protobuf {

	public static final String CONTENT_TYPE = "application/vnd.kubernetes.protobuf";

	/** What comes first: {@code k8s} and a zero. */
	private static final int MAGIC = 4;

	private static final int LENGTH_DELIMITED = 2;

	/** The texts and messages, by the numbers of their fields. */
	private final Map<Integer, List<ByteBuffer>> fields = new HashMap<>();

	/** A message, in which all that is not length-delimited is a number. */
	private Protobuf(ByteBuffer message) {
		while (message.hasRemaining()) {
			int tag = (int) varint(message);
			int value = (int) varint(message);
			if ((tag & 7) == LENGTH_DELIMITED) {
				this.fields.computeIfAbsent(tag >>> 3, (number) -> new ArrayList<>())
					.add(message.slice(message.position(), value));
				message.position(message.position() + value);
			}
		}
	}

	/** The JSON form of an object. */
	public static JsonObject read(byte[] body) {
		Protobuf envelope = new Protobuf(ByteBuffer.wrap(body).position(MAGIC));
		Protobuf type = envelope.message(1);
		Protobuf object = envelope.message(2);
		Protobuf metadata = object.message(1);
		List<JsonObject> conditions = object.message(3)
			.messages(1)
			.stream()
			.map((condition) -> Json.object("type", condition.text(1), "reason", condition.text(2), "message",
					condition.text(3), "status", condition.text(6)))
			.toList();
		return Json.object("apiVersion", type.text(1), "kind", type.text(2), "metadata",
				Json.object("name", metadata.text(1), "uid", metadata.text(5), "resourceVersion", metadata.text(6),
						"labels", metadata.map(11), "annotations", metadata.map(12)),
				"status", Json.object("conditions", conditions));
	}

	private String text(int field) {
		return this.fields.getOrDefault(field, List.of())
			.stream()
			.findFirst()
			.map((value) -> StandardCharsets.UTF_8.decode(value.duplicate()).toString())
			.orElse("");
	}

	private Protobuf message(int field) {
		List<Protobuf> messages = messages(field);
		return messages.isEmpty() ? new Protobuf(ByteBuffer.allocate(0)) : messages.get(0);
	}

	private List<Protobuf> messages(int field) {
		return this.fields.getOrDefault(field, List.of())
			.stream()
			.map((value) -> new Protobuf(value.duplicate()))
			.toList();
	}

	/** An entry is a message of key and value. */
	private JsonObject map(int field) {
		JsonObject map = new JsonObject();
		messages(field).forEach((entry) -> map.addProperty(entry.text(1), entry.text(2)));
		return map;
	}

	private static long varint(ByteBuffer buffer) {
		long value = 0;
		for (int shift = 0;; shift += 7) {
			byte next = buffer.get();
			value |= (long) (next & 0x7f) << shift;
			if (next >= 0) {
				return value;
			}
		}
	}

}
