package io.kubelet.cert.test.json;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

import com.google.gson.JsonObject;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Protobuf}.
 */
class ProtobufTests {

	@Test
	void readsCertificateSigningRequest() {
		byte[] metadata = join(text(1, "demo"), text(2, ""), bytes(8, number(1, 1893456000)), text(99, "unknown"));
		byte[] spec = join(text(1, "pem"), text(5, "client auth"), text(5, "digital signature"),
				text(7, "example.com/demo"), number(8, 600));
		byte[] condition = join(text(1, "Approved"), text(6, "True"), bytes(4, number(1, 1893456000)));
		byte[] object = join(bytes(1, metadata), bytes(2, spec), bytes(3, bytes(1, condition)));
		JsonObject read = Protobuf.read(envelope("certificates.k8s.io/v1", "CertificateSigningRequest", object));
		assertThat(read).isEqualTo(Json.parse("""
				{"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
				 "metadata": {"name": "demo", "creationTimestamp": "2030-01-01T00:00:00Z"},
				 "spec": {"request": "cGVt", "usages": ["client auth", "digital signature"],
				  "signerName": "example.com/demo", "expirationSeconds": 600},
				 "status": {"conditions": [
				  {"type": "Approved", "status": "True", "lastUpdateTime": "2030-01-01T00:00:00Z"}]}}"""));
	}

	@Test
	void readsMaps() {
		byte[] label = join(text(1, "a"), text(2, "b"));
		byte[] entry = join(text(1, "k"), text(2, ""));
		byte[] object = join(bytes(1, bytes(11, label)), bytes(2, entry), number(5, 1));
		assertThat(Protobuf.read(envelope("v1", "Secret", object))).isEqualTo(Json.parse("""
				{"apiVersion": "v1", "kind": "Secret", "metadata": {"labels": {"a": "b"}}, "data": {"k": ""},
				 "immutable": true}"""));
	}

	@Test
	void refusesWhatIsNoneOrDamagedOrUnknown() {
		assertThatIllegalArgumentException().isThrownBy(() -> Protobuf.read(new byte[] { 'x' }));
		assertThatIllegalArgumentException().isThrownBy(() -> Protobuf.read(envelope("v1", "Pod", new byte[0])));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> Protobuf.read(envelope("v1", "Secret", new byte[] { 10, 100, 1 })));
	}

	private static byte[] envelope(String apiVersion, String kind, byte[] object) {
		byte[] magic = { 'k', '8', 's', 0 };
		return join(magic, bytes(1, join(text(1, apiVersion), text(2, kind))), bytes(2, object));
	}

	private static byte[] text(int field, String value) {
		return bytes(field, value.getBytes(StandardCharsets.UTF_8));
	}

	private static byte[] bytes(int field, byte[] value) {
		return join(varint((long) field << 3 | 2), varint(value.length), value);
	}

	private static byte[] number(int field, long value) {
		return join(varint((long) field << 3), varint(value));
	}

	private static byte[] varint(long value) {
		ByteArrayOutputStream output = new ByteArrayOutputStream();
		long rest = value;
		while (rest > 0x7f) {
			output.write((int) (rest & 0x7f) | 0x80);
			rest >>>= 7;
		}
		output.write((int) rest);
		return output.toByteArray();
	}

	private static byte[] join(byte[]... parts) {
		ByteArrayOutputStream output = new ByteArrayOutputStream();
		for (byte[] part : parts) {
			output.writeBytes(part);
		}
		return output.toByteArray();
	}

}
