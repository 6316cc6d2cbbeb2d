package io.kubelet.cert.autoconfigure.kubelet;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.autoconfigure.addresses.NodeAddress;
import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.ClusterFixture;
import io.kubelet.cert.testsupport.TestNode;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The addresses of a Node object, through all that happens to a watch.
 *
 * @see NodeAddresses
 */
class NodeAddressesTests extends ClusterFixture {

	private static final NodeAddress FIRST = new NodeAddress(NodeAddress.Type.IP, "10.0.0.1");

	private static final NodeAddress SECOND = new NodeAddress(NodeAddress.Type.IP, "10.0.0.2");

	private final ExecutorService executor = Executors.newCachedThreadPool();

	private final AtomicReference<ApiClient> client = new AtomicReference<>();

	private TestNode node;

	private NodeAddresses addresses;

	@BeforeEach
	void connect() {
		this.node = new TestNode(this.controlPlane, this.directory, "n1");
		this.client.set(client("system:node:n1", "system:nodes"));
		this.addresses = new NodeAddresses("n1", this.client::get, this.executor);
	}

	@AfterEach
	void close() {
		this.addresses.close();
		this.executor.shutdownNow();
	}

	@Test
	void changesAreFollowedAndTypesThatAreNotKnownAreLeftOut() throws Exception {
		List<List<NodeAddress>> signalled = new CopyOnWriteArrayList<>();
		assertThat(this.addresses.onChange(() -> signalled.add(this.addresses.addresses()))).isTrue();
		assertThat(this.controlPlane.requests()).as("before someone wants to know").isEmpty();
		this.node.create("Hostname=n1", "InternalIP=10.0.0.1", "Carrier=pigeon");
		awaitAddresses(new NodeAddress(NodeAddress.Type.HOSTNAME, "n1"), FIRST);
		awaitWatch();
		this.node.readdress("InternalIP=10.0.0.2");
		awaitAddresses(SECOND);
		Awaitility.await().untilAsserted(() -> assertThat(signalled).last().isEqualTo(List.of(SECOND)));
		assertThat(requests()).extracting(RecordedRequest::status).containsOnly(200);
	}

	@Test
	void nodeThatComesLaterIsWaitedForAndKeepsItsAddressesWhileItIsDeleted() throws Exception {
		awaitDescription("(it does not exist)");
		this.node.create();
		awaitDescription("(it has none yet)");
		this.node.readdress("InternalIP=10.0.0.1");
		awaitAddresses(FIRST);
		assertThat(this.addresses.description()).isEqualTo("addresses of node n1");
		this.node.delete();
		this.node.create();
		// The watch tells what happens in its order
		awaitDescription("(it has none yet)");
		assertThat(this.addresses.addresses()).containsExactly(FIRST);
		this.node.readdress("InternalIP=10.0.0.2");
		awaitAddresses(SECOND);
		assertThat(requests().stream().filter((request) -> !request.isWatch())).hasSize(1);
	}

	/** As by a proxy, or by a server that sends what is no event. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			event | s3cr3t
			event | {"s3cr3t": true}
			event | {"type": "ADDED", "object": "s3cr3t"}
			event | {"type": "ERROR", "object": {"code": "s3cr3t"}}
			list  | ''
			list  | s3cr3t
			list  | {"s3cr3t": true}
			list  | {"items": [{"s3cr3t": true}]
			""")
	void contentThatIsNoEventOrListIsReportedWithoutQuotingIt(String wanted, String content) throws Exception {
		this.node.create("InternalIP=10.0.0.1");
		answer(wanted.equals("event"), content);
		awaitDescription("is not from an API server");
		assertThat(this.addresses.description()).doesNotContain("s3cr3t");
		assertThat(this.addresses.addresses()).isEqualTo(wanted.equals("event") ? List.of(FIRST) : List.of());
	}

	@Test
	void addressesThatAreNoneAreLeftOut() {
		answer(false, """
				{"metadata": {"resourceVersion": "1"}, "items": [{"metadata": {"name": "n1"}, "status": {"addresses":
				  [1, {"address": "a"}, {"type": "Hostname"}, {"type": "InternalIP", "address": "10.0.0.1"}]}}]}""");
		awaitAddresses(FIRST);
	}

	private void answer(boolean watch, String content) {
		ApiClient client = client("system:node:n1", "system:nodes");
		client.setHttpClient(client.getHttpClient().newBuilder().addInterceptor((chain) -> {
			Response response = chain.proceed(chain.request());
			if (watch != (chain.request().url().queryParameter("watch") != null)) {
				return response;
			}
			response.close();
			return response.newBuilder().body(ResponseBody.create(content, null)).build();
		}).build());
		this.client.set(client);
	}

	@Test
	void refusalIsToldAndOtherCredentialsAreTriedAtTheNextConnection() throws Exception {
		this.node.create("InternalIP=10.0.0.1");
		this.client.set(client("nobody"));
		awaitDescription("the API server answers 403");
		assertThat(this.addresses.description()).contains("nobody", "a node may read its own Node");
		this.client.set(client("system:node:n1", "system:nodes"));
		awaitAddresses(FIRST);
	}

	private ApiClient client(String user, String... groups) {
		return TestClients.create(this.controlPlane.writeKubeconfig(this.directory,
				this.controlPlane.addToken("token-of-" + user.replace(':', '-'), user, groups)));
	}

	private List<RecordedRequest> requests() {
		return this.controlPlane.requests().stream().filter((request) -> request.query().contains("n1")).toList();
	}

	private void awaitAddresses(NodeAddress... expected) {
		Awaitility.await().untilAsserted(() -> assertThat(this.addresses.addresses()).containsExactly(expected));
	}

	private void awaitDescription(String text) {
		Awaitility.await().until(() -> {
			this.addresses.addresses();
			return this.addresses.description().contains(text);
		});
	}

	private void awaitWatch() {
		Awaitility.await().until(() -> this.controlPlane.openWatches() == 1);
	}

}
