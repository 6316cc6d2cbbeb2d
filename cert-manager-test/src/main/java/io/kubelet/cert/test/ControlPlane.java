package io.kubelet.cert.test;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.GeneratedNames;
import io.kubelet.cert.test.api.ObjectRequests;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.api.Watch;
import io.kubelet.cert.test.http.HttpFrontEnd;
import io.kubelet.cert.test.http.ServerTls;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.CertificateAuthority;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.resource.CertificateRequests;
import io.kubelet.cert.test.resource.CertificateSigningRequests;
import io.kubelet.cert.test.resource.ClusterTrustBundles;
import io.kubelet.cert.test.resource.ConfigMaps;
import io.kubelet.cert.test.resource.Issuers;
import io.kubelet.cert.test.resource.Nodes;
import io.kubelet.cert.test.resource.Secrets;
import io.kubelet.cert.test.resource.StoredSecrets;
import io.kubelet.cert.test.server.ApiServer;
import io.kubelet.cert.test.server.Authorizer;
import io.kubelet.cert.test.server.Identities;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * The parts of a control plane, put together.
 */
final class ControlPlane implements AutoCloseable {

	static final Credential.Token BOOTSTRAP = new Credential.Token("bootstrap", "abcdef.0123456789abcdef");

	private static final List<String> NAMESPACES = List.of("default", "kube-node-lease", "kube-public", "kube-system");

	final CertificateAuthority authority = CertificateAuthority.create("kubernetes");

	final Set<Watch> watches = ConcurrentHashMap.newKeySet();

	final ObjectStore store = new ObjectStore();

	final Authorizer authorizer = new Authorizer();

	final Faults faults = new Faults(this.watches, this.store);

	final Credential.Token admin = new Credential.Token("admin", "admin." + GeneratedNames.suffix(16));

	final Clock clock;

	final Identities identities;

	final Behavior behavior;

	final RequestController signingRequests;

	final RequestController certificateRequests;

	final CertManager certManager;

	final StoredSecrets secrets;

	final Requests requests;

	final HttpFrontEnd http;

	private final ScheduledExecutorService executor = new ScheduledThreadPoolExecutor(1, (task) -> {
		Thread thread = new Thread(task, "embedded-control-plane-controllers");
		thread.setDaemon(true);
		return thread;
	}, new ThreadPoolExecutor.DiscardPolicy());

	ControlPlane(int port, Clock clock, Set<String> trustBundleVersions, Supplier<String> nameSuffixes) {
		this.clock = clock;
		this.identities = new Identities(this.authority, clock);
		this.identities.addToken(BOOTSTRAP.token(), "system:bootstrap:abcdef", List.of("system:bootstrappers"));
		this.identities.addToken(this.admin.token(), "admin", List.of("system:masters"));
		Clock seconds = Clock.tick(clock, Duration.ofSeconds(1));
		CertificateSigningRequests signingRequests = new CertificateSigningRequests(seconds,
				this.authorizer::isAllowed);
		ResourceType configMaps = new ConfigMaps();
		List<ResourceType> types = new CopyOnWriteArrayList<>(
				List.of(signingRequests, configMaps, new Secrets(), new Nodes()));
		for (String version : trustBundleVersions) {
			types.add(new ClusterTrustBundles(version, this.authorizer::isAllowed));
		}
		this.behavior = new Behavior(this::reviewAll);
		Approver approver = new Approver(this.behavior, this.authorizer::isAllowed);
		Signer signer = new Signer(this.authority, this.behavior, clock);
		Issuers issuers = new Issuers(types, this.store);
		this.signingRequests = new SignerController(this.store, signingRequests, approver, issuers, signer,
				this.behavior, seconds, this.executor);
		CertificateRequests requests = new CertificateRequests(issuers::type, this.authorizer::isAllowed);
		this.certificateRequests = new IssuerController(this.store, requests, approver, issuers, signer, this.behavior,
				seconds, this.executor);
		this.certManager = new CertManager(types, this.store, issuers, requests, this.certificateRequests, seconds);
		this.secrets = new StoredSecrets(this.store, seconds);
		this.requests = new Requests(this.identities, this.faults, new ApiServer(this.authorizer,
				new ObjectRequests(this.store, seconds, nameSuffixes, this.watches), types, seconds), clock);
		this.http = new HttpFrontEnd(port, ServerTls.context(this.authority), this.requests);
		publishAuthority(configMaps, seconds);
		this.signingRequests.start();
		this.certificateRequests.start();
		this.http.start();
	}

	private void reviewAll() {
		this.signingRequests.reviewAll();
		this.certificateRequests.reviewAll();
	}

	/** Every namespace holds the authority's certificate. */
	private void publishAuthority(ResourceType configMaps, Clock seconds) {
		for (String namespace : NAMESPACES) {
			JsonObject metadata = Json.object("name", "kube-root-ca.crt", "namespace", namespace, "uid",
					UUID.randomUUID().toString(), "resourceVersion", "", "creationTimestamp",
					seconds.instant().toString(), "annotations",
					Json.object("kubernetes.io/description", "Contains a CA bundle that can be used to verify the "
							+ "kube-apiserver when using internal endpoints such as the internal service IP or "
							+ "kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
							+ "clusters."));
			this.store.create(configMaps, Json.object("kind", configMaps.kind(), "apiVersion", configMaps.apiVersion(),
					"metadata", metadata, "data", Json.object("ca.crt", caPem())));
		}
	}

	ClientCertificate clientCertificate(Instant notBefore, Instant notAfter, String commonName,
			List<String> organizations) {
		KeyPair key = CertificateAuthority.generateKey();
		X509Certificate issued = this.authority.issue(CertificateAuthority.name(commonName, organizations),
				SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded()), notBefore, notAfter,
				List.of("digital signature", "client auth"), List.of());
		return new ClientCertificate(Kubeconfig.fileName(commonName), issued, key.getPrivate());
	}

	String caPem() {
		return Pem.write(List.of(this.authority.certificate()));
	}

	void resume() {
		if (this.executor.isShutdown()) {
			throw new IllegalStateException("The embedded control plane is closed: start another one");
		}
		this.http.start();
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
