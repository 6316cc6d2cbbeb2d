package io.kubelet.cert.kubernetes.internal.signing;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.autoconfigure.addresses.NodeAddresses;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.TestNode;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.ForwardingSource;
import okio.Okio;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * What is no exception but an error, such as a class that is missing or memory that is
 * short, ends neither a request nor a watch in silence.
 */
@ExtendWith(OutputCaptureExtension.class)
class WatchErrorTests {

	private static final Error ERROR = new NoClassDefFoundError("a class of another version");

	private static final Error NO_THREAD = new OutOfMemoryError("unable to create native thread");

	private final AtomicInteger calls = new AtomicInteger();

	@AutoClose
	private final Adapter adapter = new Adapter();

	@Test
	void errorWhileAnAnswerIsReadIsTheAnswer() {
		Adapter.intercept(this.adapter.client, (chain) -> unreadable(chain.proceed(chain.request())));
		assertThat(this.adapter.send(Adapter.newRequest())).failsWithin(Adapter.PATIENCE)
			.withThrowableThat()
			.withCause(ERROR);
	}

	@Test
	void errorOfWhoIsToldOfTheProgressIsTheAnswer() {
		assertThat(this.adapter.signer.request(Adapter.newRequest(), (submitted) -> {
			throw ERROR;
		})).failsWithin(Adapter.PATIENCE).withThrowableThat().withCause(ERROR);
	}

	@Test
	void watchOfRequestsGoesOnAfterAnErrorThatIsLogged(CapturedOutput output) {
		Adapter.intercept(this.adapter.client, (chain) -> {
			if (chain.request().url().queryParameter("watch") != null && this.calls.getAndIncrement() == 0) {
				throw ERROR;
			}
			return chain.proceed(chain.request());
		});
		assertThat(this.adapter.send(Adapter.newRequest())).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.watches()).isOne();
		assertThat(output.getOut().lines()).filteredOn((line) -> line.contains("A watch failed"))
			.singleElement()
			.asString()
			.contains("ERROR");
	}

	@Test
	void requestWithoutAThreadForItsWatchFailsAndTheNextOneIsAnswered() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		// The answer to the creation may be processed on this thread: none is left idle
		this.adapter.executor.setKeepAliveTime(0, TimeUnit.NANOSECONDS);
		CompletableFuture<?> answer = this.adapter.signer.request(Adapter.newRequest(),
				(submitted) -> this.adapter.threadsAreExhausted = true);
		assertThat(answer).failsWithin(Adapter.PATIENCE)
			.withThrowableThat()
			.withCauseInstanceOf(OutOfMemoryError.class);
		this.adapter.threadsAreExhausted = false;
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(this.adapter.send(Adapter.newRequest())).succeedsWithin(Adapter.PATIENCE);
	}

	@Test
	void addressesWithoutAThreadForTheirWatchAreFollowedFromTheNextLookOn() throws Exception {
		TestNode node = new TestNode(this.adapter.controlPlane, this.adapter.directory, "n1");
		node.create("InternalIP=10.0.0.1");
		ApiClient client = Adapter.client(this.adapter.controlPlane.writeKubeconfig(this.adapter.directory,
				this.adapter.controlPlane.addToken("node", "system:node:n1", "system:nodes")));
		try (NodeAddresses addresses = new NodeAddresses("n1", () -> client, onlyLater())) {
			assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(addresses::addresses);
			await().until(() -> addresses.addresses().size() == 1);
		}
	}

	/** An executor that has no thread the first time. */
	private Executor onlyLater() {
		return (task) -> {
			if (this.calls.getAndIncrement() == 0) {
				throw NO_THREAD;
			}
			this.adapter.executor.execute(task);
		};
	}

	private static Response unreadable(Response answer) {
		return answer.newBuilder().body(ResponseBody.create(Okio.buffer(new ForwardingSource(answer.body().source()) {

			@Override
			public long read(Buffer sink, long byteCount) {
				throw ERROR;
			}

		}), null, -1)).build();
	}

}
