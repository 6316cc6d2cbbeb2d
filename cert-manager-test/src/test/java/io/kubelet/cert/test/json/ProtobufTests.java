package io.kubelet.cert.test.json;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

import com.google.gson.JsonObject;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Protobuf}.
 */
class ProtobufTests {

	@Test
	void readsTheApprovalOfARequest() {
		byte[] label = join(text(1, "app"), text(2, "shop"));
		byte[] metadata = join(text(1, "demo"), text(5, "uid"), text(6, "7"), bytes(8, number(1, 1893456000)),
				bytes(11, label), text(99, "unknown"));
		byte[] spec = join(text(1, "pem"), text(5, "client auth"), number(8, 600));
		byte[] condition = join(text(1, "Approved"), text(2, "KubectlApprove"), text(3, "yes"), text(6, "True"));
		byte[] object = join(bytes(1, metadata), bytes(2, spec), bytes(3, bytes(1, condition)));
		JsonObject read = Protobuf.read(envelope("certificates.k8s.io/v1", "CertificateSigningRequest", object));
		assertThat(read).isEqualTo(Json.parse("""
				{"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
				 "metadata": {"name": "demo", "uid": "uid", "resourceVersion": "7", "labels": {"app": "shop"},
				  "annotations": {}},
				 "status": {"conditions": [
				  {"type": "Approved", "reason": "KubectlApprove", "message": "yes", "status": "True"}]}}"""));
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
