package io.kubelet.cert.kubernetes.internal.signing;

import java.io.IOException;

import io.kubelet.cert.testsupport.Adapter;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.BufferedSource;
import okio.ForwardingSource;
import okio.Okio;
import okio.Source;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The API server of a later release sends fields that this one does not know: clients
 * have to ignore them.
 */
class LaterReleaseTests {

	@AutoClose
	private final Adapter adapter = new Adapter();

	/** How many of the objects that were received have unknown fields. */
	private volatile int objects;

	@Test
	void unknownFieldsAreIgnored() {
		Adapter.intercept(this.adapter.client, (chain) -> withUnknownFields(chain.proceed(chain.request())));
		assertThat(this.adapter.send(Adapter.newRequest())).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.watches()).isOne();
		assertThat(this.objects).isGreaterThan(1);
	}

	private Response withUnknownFields(Response answer) {
		Source source = new UnknownFields(answer.body().source());
		return answer.newBuilder()
			.body(ResponseBody.create(Okio.buffer(source), answer.body().contentType(), -1))
			.build();
	}

	/** Adds a field to each object, line by line, as a watch sends them. */
	private final class UnknownFields extends ForwardingSource {

		private final BufferedSource answer;

		private final Buffer line = new Buffer();

		UnknownFields(BufferedSource answer) {
			super(answer);
			this.answer = answer;
		}

		@Override
		public long read(Buffer sink, long byteCount) throws IOException {
			if (this.line.exhausted()) {
				String next = this.answer.readUtf8Line();
				if (next == null) {
					return -1;
				}
				LaterReleaseTests.this.objects += next.contains("\"spec\":{") ? 1 : 0;
				this.line
					.writeUtf8(
							next.replaceAll("\"(metadata|spec)\":\\{", "\"later-$1\":1,$0\"later\":{\"release\":[1]},"))
					.writeByte('\n');
			}
			return this.line.read(sink, byteCount);
		}

	}

}
