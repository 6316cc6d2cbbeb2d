package io.kubelet.cert.test.http;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import com.google.gson.JsonElement;

/**
 * What a request is answered with: a whole body, or a stream that goes on.
 */
public sealed interface ApiResponse {

	static Answer json(int status, JsonElement body) {
		return new Answer(status, "application/json", body.toString(), Map.of());
	}

	/** An answer with warnings, which kubectl prints. */
	static Answer json(int status, JsonElement body, List<String> warnings) {
		return new Answer(status, "application/json", body.toString(),
				warnings.isEmpty() ? Map.of()
						: Map.of("Warning",
								warnings.stream()
									.map((warning) -> "299 - \"" + warning.replace("\"", "\\\"") + "\"")
									.collect(Collectors.joining(", "))));
	}

	static Answer text(String body) {
		return new Answer(200, "text/plain; charset=utf-8", body, Map.of());
	}

	int status();

	/** A body that is known in full. */
	record Answer(int status, String contentType, String body, Map<String, String> headers) implements ApiResponse {
	}

	/** A body that is written piece by piece, until the source ends it. */
	record Stream(Source source) implements ApiResponse {

		@Override
		public int status() {
			return 200;
		}

	}

	/** Writes a stream. Returns where it ends well, throws where it is to be cut. */
	@FunctionalInterface
	interface Source {

		void writeTo(Head head) throws IOException;

	}

	/**
	 * Sends the head of an answer, with which the client knows that the stream is open.
	 */
	@FunctionalInterface
	interface Head {

		OutputStream send() throws IOException;

	}

}
