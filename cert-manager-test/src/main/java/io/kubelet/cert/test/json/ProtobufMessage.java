package io.kubelet.cert.test.json;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

/**
 * A message type of the protobuf encoding: which field number is which member of the JSON
 * form. Fields that it does not know are passed over. As in JSON, a member that is empty
 * is left out.
 */
public final class ProtobufMessage {

	private static final int VARINT = 0;

	private static final int FIXED64 = 1;

	private static final int LENGTH_DELIMITED = 2;

	private static final int FIXED32 = 5;

	private final Map<Integer, Field> fields = new HashMap<>();

	public ProtobufMessage text(int number, String name) {
		return field(number, name, (value) -> new JsonPrimitive(text(value.bytes())));
	}

	public ProtobufMessage bytes(int number, String name) {
		return field(number, name, (value) -> new JsonPrimitive(Base64.getEncoder().encodeToString(value.bytes())));
	}

	public ProtobufMessage number(int number, String name) {
		return field(number, name, (value) -> new JsonPrimitive(value.number()));
	}

	public ProtobufMessage flag(int number, String name) {
		return field(number, name, (value) -> new JsonPrimitive(value.number() != 0));
	}

	/** A time, as a message of seconds and nanoseconds. */
	public ProtobufMessage time(int number, String name) {
		ProtobufMessage time = new ProtobufMessage().number(1, "seconds").number(2, "nanos");
		return field(number, name, (value) -> {
			JsonObject parts = time.read(value.bytes());
			return new JsonPrimitive(!parts.has("seconds") ? ""
					: Instant
						.ofEpochSecond(parts.get("seconds").getAsLong(),
								parts.has("nanos") ? parts.get("nanos").getAsLong() : 0)
						.toString());
		});
	}

	public ProtobufMessage message(int number, String name, ProtobufMessage type) {
		return field(number, name, (value) -> type.read(value.bytes()));
	}

	public ProtobufMessage texts(int number, String name) {
		return repeated(number, name, (value) -> new JsonPrimitive(text(value.bytes())));
	}

	public ProtobufMessage messages(int number, String name, ProtobufMessage type) {
		return repeated(number, name, (value) -> type.read(value.bytes()));
	}

	public ProtobufMessage textMap(int number, String name) {
		return map(number, name, (value) -> new JsonPrimitive(text(value.bytes())));
	}

	public ProtobufMessage bytesMap(int number, String name) {
		return map(number, name, (value) -> new JsonPrimitive(Base64.getEncoder().encodeToString(value.bytes())));
	}

	private ProtobufMessage field(int number, String name, Conversion conversion) {
		this.fields.put(number, (object, value) -> {
			JsonElement element = conversion.convert(value);
			if (!(element instanceof JsonPrimitive primitive) || !primitive.getAsString().isEmpty()) {
				object.add(name, element);
			}
		});
		return this;
	}

	private ProtobufMessage repeated(int number, String name, Conversion conversion) {
		this.fields.put(number, (object, value) -> {
			JsonArray array = (object.get(name) instanceof JsonArray existing) ? existing : new JsonArray();
			array.add(conversion.convert(value));
			object.add(name, array);
		});
		return this;
	}

	/** An entry is a message of key and value. */
	private ProtobufMessage map(int number, String name, Conversion conversion) {
		ProtobufMessage entry = new ProtobufMessage();
		entry.fields.put(1, (object, value) -> object.addProperty("key", text(value.bytes())));
		entry.fields.put(2, (object, value) -> object.add("value", conversion.convert(value)));
		this.fields.put(number, (object, value) -> {
			JsonObject read = entry.read(value.bytes());
			JsonObject map = Json.objectAt(object, name);
			map.add(Json.text(read, "key"), read.has("value") ? read.get("value") : new JsonPrimitive(""));
			object.add(name, map);
		});
		return this;
	}

	/**
	 * Read a message.
	 * @throws IllegalArgumentException if it is damaged
	 */
	public JsonObject read(byte[] message) {
		JsonObject object = new JsonObject();
		ByteBuffer buffer = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
		try {
			while (buffer.hasRemaining()) {
				long tag = varint(buffer);
				Value value = value(buffer, (int) (tag & 7));
				Field field = this.fields.get((int) (tag >>> 3));
				if (field != null) {
					field.set(object, value);
				}
			}
		}
		catch (BufferUnderflowException ex) {
			throw new IllegalArgumentException("unexpected EOF", ex);
		}
		return object;
	}

	private static Value value(ByteBuffer buffer, int wireType) {
		return switch (wireType) {
			case VARINT -> new Value(varint(buffer), new byte[0]);
			case FIXED64 -> new Value(buffer.getLong(), new byte[0]);
			case FIXED32 -> new Value(buffer.getInt(), new byte[0]);
			case LENGTH_DELIMITED -> {
				long length = varint(buffer);
				if (length < 0 || length > buffer.remaining()) {
					throw new BufferUnderflowException();
				}
				byte[] bytes = new byte[(int) length];
				buffer.get(bytes);
				yield new Value(0, bytes);
			}
			default -> throw new IllegalArgumentException("illegal wireType " + wireType);
		};
	}

	private static long varint(ByteBuffer buffer) {
		long value = 0;
		for (int shift = 0; shift < 64; shift += 7) {
			byte next = buffer.get();
			value |= (long) (next & 0x7f) << shift;
			if (next >= 0) {
				return value;
			}
		}
		throw new IllegalArgumentException("integer overflow");
	}

	private static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	private record Value(long number, byte[] bytes) {

	}

	@FunctionalInterface
	private interface Conversion {

		JsonElement convert(Value value);

	}

	@FunctionalInterface
	private interface Field {

		void set(JsonObject object, Value value);

	}

}
