package io.kubelet.cert.test;

import java.net.http.HttpResponse;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Replays, over HTTPS, what was recorded with a real API server.
 * <p>
 * {@link Correspondence} says what may differ. Generated names may not: the control plane
 * is given the recorded ones. Beyond that, four things are changed on the way:
 * <ul>
 * <li>Watches end with the last event that was recorded, to save time.</li>
 * <li>A {@code GET} is repeated until the answer is the recorded one, since the
 * controllers work on their own.</li>
 * <li>What is patched is put instead: patches are not served.</li>
 * <li>While some watches were open, somebody else changed something that was not
 * recorded: {@link #meanwhile} does it.</li>
 * </ul>
 */
final class Replay implements AutoCloseable {

	private static final Pattern GENERATED_NAME = Pattern.compile("\"(?:csr|shop)-([a-z0-9]{5})\"");

	private final Deque<String> nameSuffixes = new ArrayDeque<>();

	private final EmbeddedControlPlane controlPlane;

	private final Correspondence correspondence = new Correspondence();

	private final Map<String, ApiClient> clients = new HashMap<>();

	/**
	 * Create a replay.
	 * @param trustBundles the versions in which ClusterTrustBundles are served
	 */
	Replay(String... trustBundles) {
		this.controlPlane = EmbeddedControlPlane.builder()
			.approval(ApprovalPolicy.realCluster())
			.nameSuffixes(() -> this.nameSuffixes.isEmpty() ? "none" : this.nameSuffixes.remove())
			.trustBundles(trustBundles)
			.start();
	}

	/** Install cert-manager, as it was when its scenarios were recorded. */
	void installCertManager() throws Exception {
		this.controlPlane.certManager().signCertificateSigningRequests().clusterIssuer("internal");
		client("admin").post("/apis/cert-manager.io/v1/clusterissuers", Json.parse("""
				{"metadata": {"name": "selfsigned"}, "spec": {"selfSigned": {}}}"""));
		this.controlPlane.allowIn("shop", "system:serviceaccount:shop:shop",
				Set.of("create", "get", "list", "watch", "delete"), "certificaterequests.cert-manager.io");
	}

	/** Compare which client has set which field, too. */
	void compareFieldManagers() {
		this.correspondence.compareFieldManagers();
	}

	/** Forget what happened before now, as the API server does when it is restarted. */
	void forgetHistory() {
		this.controlPlane.compactHistory();
	}

	void run(String scenario) throws Exception {
		if (scenario.startsWith("cm-")) {
			this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		}
		for (Recording.Exchange exchange : Recording.read(scenario).exchanges()) {
			if (exchange.isWatch()) {
				replayWatch(scenario, exchange);
			}
			else if (exchange.method().equals("GET")) {
				await(exchange.toString()).untilAsserted(() -> replay(exchange));
			}
			else {
				replay(exchange);
			}
		}
	}

	private void replay(Recording.Exchange exchange) throws Exception {
		JsonElement recorded = exchange.responseBody();
		expectName(exchange, recorded);
		JsonElement body = exchange.requestBody();
		HttpResponse<String> response = exchange.isPatch() ? patch(client(exchange), exchange.path(), body)
				: client(exchange).send(exchange.method(), exchange.path(), exchange.contentType(),
						(body != null) ? Recording.Exchange.text(this.correspondence.translate(body)) : null);
		assertThat(response.statusCode()).as("%s: %s", exchange, response.body()).isEqualTo(exchange.status());
		assertThat(response.headers().firstValue("Content-Type")).as(exchange.toString())
			.contains(exchange.responseType());
		assertThat(response.headers().firstValue("Warning").orElse("")).isEqualTo(exchange.warning());
		if (exchange.responseType().equals("application/json")) {
			this.correspondence.check(recorded, Json.parse(response.body()));
		}
		else {
			assertThat(response.body()).isEqualTo(recorded.getAsString());
		}
		assertThat(this.nameSuffixes).as("names not used").isEmpty();
	}

	private void replayWatch(String scenario, Recording.Exchange exchange) throws Exception {
		boolean bookmarks = exchange.path().contains("allowWatchBookmarks=true");
		// A bookmark comes two seconds before the end
		String path = exchange.path().replaceAll("timeoutSeconds=\\d+", "timeoutSeconds=" + (bookmarks ? 3 : 300));
		Matcher since = Pattern.compile("resourceVersion=(\\d+)").matcher(path);
		if (since.find()) {
			path = path.replace(since.group(), "resourceVersion=" + this.correspondence.translate(since.group(1)));
		}
		HttpResponse<Stream<String>> response = client(exchange).stream(path);
		assertThat(response.statusCode()).isEqualTo(exchange.status());
		assertThat(response.headers().firstValue("Content-Type")).contains(exchange.responseType());
		assertThat(response.headers().firstValue("Transfer-Encoding")).contains("chunked");
		meanwhile(scenario);
		Iterator<String> events = response.body().iterator();
		for (JsonElement recorded : exchange.events()) {
			JsonElement event = Json.parse(events.next());
			assertThat(Json.text(event, "type")).isEqualTo(Json.text(recorded, "type"));
			this.correspondence.check(recorded, event);
		}
		this.controlPlane.faults().endWatches();
		// Had it been cut, reading it would throw
		assertThat(events).as("further events").isExhausted();
	}

	/** What somebody else did while the scenario's watch was open. */
	private void meanwhile(String scenario) throws Exception {
		ApiClient admin = client("admin");
		switch (scenario) {
			case "cm-issue" -> this.controlPlane.behavior().approval(ApprovalPolicy.realCluster());
			case "cm-deleted-while-watched" -> admin.send("DELETE",
					"/apis/cert-manager.io/v1/namespaces/shop/certificaterequests/shop-named", null, null);
			case "deleted-while-watched" -> admin.send("DELETE", ApiClient.CSRS + "/rec-named", null, null);
			case "tls-secret" -> admin.send("DELETE", "/api/v1/namespaces/default/secrets/rec-pair", null, null);
			case "node-addresses" -> patch(admin, "/api/v1/nodes/n1/status", Json.parse("""
					{"status": {"addresses": [{"type": "ExternalIP", "address": "203.0.113.9"},
					{"type": "InternalDNS", "address": "n1.internal.example.com"},
					{"type": "Hostname", "address": "n1"}, {"type": "InternalIP", "address": "10.0.0.7"}]}}"""));
			default -> {
			}
		}
	}

	/** Puts what a patch of the specification or the status leads to. */
	private static HttpResponse<String> patch(ApiClient client, String path, @Nullable JsonElement patch)
			throws Exception {
		JsonObject object = client.get(path);
		for (String part : List.of("spec", "status")) {
			Json.objectAt(patch, part)
				.entrySet()
				.forEach((member) -> object.getAsJsonObject(part).add(member.getKey(), member.getValue()));
		}
		return client.send("PUT", path, "application/json", object.toString());
	}

	/** Let the control plane generate the name that was generated then, if one was. */
	private void expectName(Recording.Exchange exchange, JsonElement recorded) {
		if (exchange.method().equals("POST") && Json.at(exchange.requestBody(), "metadata", "generateName") != null) {
			Matcher name = GENERATED_NAME.matcher(recorded.toString().replace("\\\"", "\""));
			if (name.find()) {
				this.nameSuffixes.add(name.group(1));
			}
		}
	}

	private ApiClient client(Recording.Exchange exchange) {
		return client(exchange.as());
	}

	private ApiClient client(String as) {
		return this.clients.computeIfAbsent(as, (key) -> new ApiClient(this.controlPlane, credential(as)));
	}

	private @Nullable Credential credential(String as) {
		if (as.startsWith("system:bootstrap:abcdef ")) {
			return this.controlPlane.bootstrap();
		}
		if (as.startsWith("system:node:n1 ")) {
			return this.controlPlane.issueClientCertificate("system:node:n1", "system:nodes");
		}
		if (as.startsWith("system:serviceaccount:shop:shop ")) {
			return this.controlPlane.addServiceAccount("shop", "shop");
		}
		return switch (as) {
			case "admin" -> this.controlPlane.admin();
			case "admin (group system:masters)" -> this.controlPlane.issueClientCertificate("admin", "system:masters");
			case "an unknown bearer token" -> Credential.token("unknown", "unknown");
			case "anonymous" -> null;
			default -> throw new IllegalArgumentException(as);
		};
	}

	@Override
	public void close() {
		this.controlPlane.close();
	}

}
