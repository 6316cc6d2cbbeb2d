package io.kubelet.cert.test;

import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.GeneratedNames;
import io.kubelet.cert.test.api.ObjectRequests;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.api.OpenWatches;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.http.ServerTls;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.CertificateAuthority;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.resource.CertificateSigningRequests;
import io.kubelet.cert.test.resource.ClusterTrustBundles;
import io.kubelet.cert.test.resource.Nodes;
import io.kubelet.cert.test.resource.PlainType;
import io.kubelet.cert.test.resource.Secrets;
import io.kubelet.cert.test.server.Authorizer;
import io.kubelet.cert.test.server.Discovery;
import io.kubelet.cert.test.server.Identities;

/**
 * The parts of a control plane, put together.
 */
final class ControlPlane implements AutoCloseable {

	static final Credential.Token BOOTSTRAP = new Credential.Token("bootstrap", "abcdef.0123456789abcdef");

	private static final List<String> NAMESPACES = List.of("default", "kube-node-lease", "kube-public", "kube-system");

	final CertificateAuthority authority = CertificateAuthority.create("kubernetes");

	final OpenWatches watches = new OpenWatches();

	final ObjectStore store = new ObjectStore();

	final Requests requests = new Requests();

	final Authorizer authorizer = new Authorizer();

	final Faults faults = new Faults(this.watches);

	final Credential.Token admin = new Credential.Token("admin", "admin." + GeneratedNames.suffix(16));

	final EmbeddedControlPlaneBuilder settings;

	final Identities identities;

	final ResourceType certificateSigningRequests;

	final Behavior behavior;

	final Controllers controllers;

	final HttpFrontEnd http;

	final int port;

	private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor((task) -> {
		Thread thread = new Thread(task, "embedded-control-plane-controllers");
		thread.setDaemon(true);
		return thread;
	});

	private final ApiServer api;

	ControlPlane(EmbeddedControlPlaneBuilder settings) {
		this.settings = settings;
		this.identities = new Identities(this.authority, settings.clock);
		this.identities.addToken(BOOTSTRAP.token(), "system:bootstrap:abcdef", List.of("system:bootstrappers"));
		this.identities.addToken(this.admin.token(), "admin", List.of("system:masters"));
		this.certificateSigningRequests = new CertificateSigningRequests(settings.clock, this.authorizer::isAllowed);
		this.behavior = new Behavior(this::reviewAll);
		this.controllers = new Controllers(this.store, this.certificateSigningRequests,
				new Approver(this.behavior, this.authorizer::isAllowed),
				new Signer(this.authority, this.behavior, settings.clock), this.behavior, settings.clock,
				this.executor);
		ResourceType configMaps = PlainType.configMaps();
		List<ResourceType> types = new ArrayList<>(
				List.of(this.certificateSigningRequests, configMaps, new Nodes(), new Secrets(), PlainType.leases()));
		for (String version : settings.trustBundleVersions) {
			types.add(new ClusterTrustBundles(version, this.authorizer::isAllowed));
		}
		this.http = new HttpFrontEnd(settings.port, ServerTls.context(this.authority));
		this.port = this.http.bind();
		this.api = new ApiServer(this.identities, this.authorizer,
				new ObjectRequests(this.store, settings.clock, settings.nameSuffixes, this.watches), types,
				new Discovery(types, "127.0.0.1:" + this.port), this.faults, this.requests, settings.clock);
		this.behavior.approval(settings.approval);
		publishAuthority(configMaps);
		this.controllers.start();
		this.http.start(this.api);
	}

	private void reviewAll() {
		this.controllers.reviewAll();
	}

	/** Every namespace holds the authority's certificate. */
	private void publishAuthority(ResourceType configMaps) {
		for (String namespace : NAMESPACES) {
			JsonObject metadata = Json.object("name", "kube-root-ca.crt", "namespace", namespace, "uid",
					UUID.randomUUID().toString(), "resourceVersion", "", "creationTimestamp",
					this.settings.clock.instant().truncatedTo(ChronoUnit.SECONDS).toString(), "annotations",
					Json.object("kubernetes.io/description", "Contains a CA bundle that can be used to verify the "
							+ "kube-apiserver when using internal endpoints such as the internal service IP or "
							+ "kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
							+ "clusters."));
			this.store.create(configMaps,
					Json.object("kind", configMaps.kind(), "apiVersion", configMaps.apiVersion(), "metadata", metadata,
							"data", Json.object("ca.crt", Pem.write(List.of(this.authority.certificate())))));
		}
	}

	void pause() {
		this.http.stop();
	}

	void resume() {
		this.http.bind();
		this.http.start(this.api);
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
		this.http.stop();
		try {
			this.executor.awaitTermination(5, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
