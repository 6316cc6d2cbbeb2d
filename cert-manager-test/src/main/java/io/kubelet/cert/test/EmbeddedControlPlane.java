package io.kubelet.cert.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;

import com.google.gson.JsonObject;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.jspecify.annotations.Nullable;

/**
 * A Kubernetes control plane in this process, as far as certificates go: an HTTPS server
 * on the loopback address that answers as the certificates API of release 1.34 does, with
 * its approver and its signers. What is in it is kept in memory.
 * <p>
 * It runs from {@link #start()} until {@link #close()}, on daemon threads of its own. All
 * methods can be called by any thread, and none but {@code start}, {@link #resume()},
 * {@link #pause()} and {@code close} blocks.
 */
public final class EmbeddedControlPlane implements AutoCloseable {

	private static final String SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

	private static final Credential BOOTSTRAP = Credential.token("bootstrap", "abcdef.0123456789abcdef");

	private final CertificateAuthority authority = CertificateAuthority.create("kubernetes");

	private final OpenWatches watches = new OpenWatches();

	private final ObjectStore store = new ObjectStore();

	private final Requests requests = new Requests();

	private final Authorizer authorizer = new Authorizer();

	private final Faults faults = new Faults(this.watches);

	private final Credential admin;

	private final Clock clock;

	private final Identities identities;

	private final CertificateSigningRequests certificateSigningRequests;

	private final Behavior behavior;

	private final Controllers controllers;

	private final ScheduledExecutorService executor;

	private final ApiServer api;

	private final HttpFrontEnd http;

	private final int port;

	private EmbeddedControlPlane(Builder builder) {
		this.clock = builder.clock;
		this.identities = new Identities(this.authority, this.clock);
		this.identities.addToken(((Credential.Token) BOOTSTRAP).token(), "system:bootstrap:abcdef",
				List.of("system:bootstrappers"));
		String adminToken = "admin." + random(16);
		this.admin = Credential.token("admin", adminToken);
		this.identities.addToken(adminToken, "admin", List.of("system:masters"));
		this.certificateSigningRequests = new CertificateSigningRequests(this.clock, this.authorizer::isAllowed);
		this.executor = Executors.newSingleThreadScheduledExecutor((task) -> {
			Thread thread = new Thread(task, "embedded-control-plane-controllers");
			thread.setDaemon(true);
			return thread;
		});
		this.behavior = new Behavior(this::reviewAll);
		this.controllers = new Controllers(this.store, this.certificateSigningRequests,
				new Approver(this.behavior, this.authorizer::isAllowed),
				new Signer(this.authority, this.behavior, this.clock), this.behavior, this.clock, this.executor);
		List<ResourceType> types = List.of(this.certificateSigningRequests);
		this.http = new HttpFrontEnd(builder.port, ServerTls.context(this.authority));
		this.port = this.http.bind();
		this.api = new ApiServer(this.identities, this.authorizer,
				new ObjectRequests(this.store, this.clock, builder.nameSuffixes, this.watches), types,
				new Discovery(types, "127.0.0.1:" + this.port), this.faults, this.requests, this.clock);
		this.behavior.approval(builder.approval);
		this.controllers.start();
		this.http.start(this.api);
	}

	/**
	 * Start a control plane that approves what is asked of Kubernetes' own signers, on a
	 * free port.
	 * @return the control plane, serving
	 */
	public static EmbeddedControlPlane start() {
		return builder().start();
	}

	/**
	 * Say how it shall be, then start it.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Where it listens.
	 * @return the URL, as in {@code https://127.0.0.1:43210}
	 */
	public String url() {
		return "https://127.0.0.1:" + this.port;
	}

	/**
	 * The port it listens on, also while it is paused.
	 * @return the port
	 */
	public int port() {
		return this.port;
	}

	/**
	 * The certificate of its authority, which signs the server's certificate and all that
	 * it issues.
	 * @return a CERTIFICATE block
	 */
	public String caPem() {
		return Signer.pem(List.of(this.authority.certificate()));
	}

	/**
	 * The administrator, who may do everything.
	 * @return a token of group {@code system:masters}
	 */
	public Credential admin() {
		return this.admin;
	}

	/**
	 * The bootstrap token {@code abcdef.0123456789abcdef}, which may create, get, list
	 * and watch certificate signing requests, and whose requests for kubelet client
	 * certificates are approved.
	 * @return a token of group {@code system:bootstrappers}
	 */
	public Credential bootstrap() {
		return BOOTSTRAP;
	}

	/**
	 * Let a bearer token be known. Its user may ask who it is and nothing more, until
	 * something is {@link #allow(String, Set, String, String...) allowed}.
	 * @param token the token
	 * @param user the user it stands for
	 * @param groups the user's groups; {@code system:authenticated} is added
	 * @return the credential
	 */
	public Credential addToken(String token, String user, String... groups) {
		this.identities.addToken(token, user, List.of(groups));
		return Credential.token(fileName(user), token);
	}

	/**
	 * Let a bearer token be unknown from now on.
	 * @param token the token
	 */
	public void removeToken(String token) {
		this.identities.removeToken(token);
	}

	/**
	 * Permit something, in addition to what is permitted already.
	 * @param subject a user or a group
	 * @param verbs what may be done, as in {@code create} or {@code approve}; {@code *}
	 * for everything
	 * @param resource what with, as in {@code certificatesigningrequests/approval} or
	 * {@code signers}; {@code *} for everything
	 * @param names the names of the objects, as in {@code example.com/demo} for a signer;
	 * none for all
	 * @return this
	 */
	public EmbeddedControlPlane allow(String subject, Set<String> verbs, String resource, String... names) {
		this.authorizer.allow(subject, verbs, resource, Set.of(names));
		return this;
	}

	/**
	 * Issue a client certificate, valid from five minutes ago for a year, without a
	 * request.
	 * @param commonName the user name
	 * @param organizations the groups
	 * @return the certificate, with a new P-256 key
	 */
	public ClientCertificate issueClientCertificate(String commonName, String... organizations) {
		Instant now = this.clock.instant();
		return issueClientCertificate(now.minus(Behavior.BACKDATE), now.plus(Duration.ofDays(365)), commonName,
				organizations);
	}

	/**
	 * Issue a client certificate without a request.
	 * @param notBefore since when it is valid
	 * @param notAfter until when it is valid; may be past
	 * @param commonName the user name
	 * @param organizations the groups
	 * @return the certificate, with a new P-256 key
	 */
	public ClientCertificate issueClientCertificate(Instant notBefore, Instant notAfter, String commonName,
			String... organizations) {
		KeyPair key = CertificateAuthority.generateKey();
		X509Certificate certificate = this.authority.issue(
				CertificateAuthority.name(commonName, List.of(organizations)),
				SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded()), notBefore, notAfter,
				List.of("digital signature", "client auth"), List.of());
		return new ClientCertificate(fileName(commonName), certificate, key.getPrivate());
	}

	/**
	 * A kubeconfig with everything in it.
	 * @param credential who the client is
	 * @return the file's content, YAML
	 */
	public String kubeconfig(Credential credential) {
		return Kubeconfig.of(url(), caPem(), credential);
	}

	/**
	 * Write a kubeconfig for the {@link #bootstrap() bootstrap token}.
	 * @param directory where to, made if there is none
	 * @return the file
	 * @throws UncheckedIOException if it cannot be written
	 */
	public Path writeKubeconfig(Path directory) {
		return writeKubeconfig(directory, BOOTSTRAP);
	}

	/**
	 * Write a kubeconfig.
	 * @param directory where to, made if there is none
	 * @param credential who the client is
	 * @return the file, named after the credential
	 * @throws UncheckedIOException if it cannot be written
	 */
	public Path writeKubeconfig(Path directory, Credential credential) {
		try {
			Files.createDirectories(directory);
			return Files.writeString(directory.resolve(credential.name() + ".kubeconfig"), kubeconfig(credential));
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The kubeconfig cannot be written to " + directory, ex);
		}
	}

	/**
	 * How the approver and the signers behave.
	 * @return the settings, which take effect as they are made
	 */
	public Behavior behavior() {
		return this.behavior;
	}

	/**
	 * Makes requests go wrong.
	 * @return the faults
	 */
	public Faults faults() {
		return this.faults;
	}

	/**
	 * Approve a request, unless it is decided about already.
	 * @param name the request's name
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void approve(String name) {
		decide(name, "Approved", "ApprovedByTest", "Approved by EmbeddedControlPlane.approve");
	}

	/**
	 * Deny a request, unless it is decided about already.
	 * @param name the request's name
	 * @param reason the reason of the condition, one word
	 * @param message the message of the condition
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void deny(String name, String reason, String message) {
		decide(name, "Denied", reason, message);
	}

	/**
	 * Let the signer give up on a request.
	 * @param name the request's name
	 * @param reason the reason of the condition, one word
	 * @param message the message of the condition
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void fail(String name, String reason, String message) {
		decide(name, "Failed", reason, message);
	}

	/**
	 * Delete a request.
	 * @param name the request's name
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void delete(String name) {
		try {
			this.store.delete(this.certificateSigningRequests, "", name, (object) -> {
			});
		}
		catch (ApiFailure ex) {
			throw new IllegalArgumentException(ex.getMessage(), ex);
		}
	}

	private void decide(String name, String condition, String reason, String message) {
		try {
			this.controllers.addCondition(name, condition, reason, message);
		}
		catch (ApiFailure ex) {
			throw new IllegalArgumentException(ex.getMessage(), ex);
		}
	}

	/**
	 * The certificate signing requests there are.
	 * @return their names, in order
	 */
	public List<String> certificateSigningRequests() {
		return names((request) -> true);
	}

	/**
	 * The certificate signing requests of which nothing has come yet: neither issued nor
	 * denied nor failed.
	 * @return their names, in order
	 */
	public List<String> openCertificateSigningRequests() {
		return names(CertificateSigningRequests::isOpen);
	}

	private List<String> names(Predicate<JsonObject> filter) {
		return this.store.list(this.certificateSigningRequests, "")
			.items()
			.stream()
			.filter(filter)
			.map((request) -> Json.text(request, "metadata", "name"))
			.toList();
	}

	/**
	 * What was asked, oldest first, the newest ten thousand of it. A watch counts from
	 * its beginning, any other request from when it was handled.
	 * @return the requests
	 */
	public List<RecordedRequest> requests() {
		return this.requests.matching((request) -> true);
	}

	/**
	 * How many requests of a kind were made, as in
	 * {@code count(RecordedRequest::isCreate)}.
	 * @param matching the kind
	 * @return the count
	 */
	public int count(Predicate<RecordedRequest> matching) {
		return this.requests.matching(matching).size();
	}

	/**
	 * Forget what was asked.
	 */
	public void clearRequests() {
		this.requests.clear();
	}

	/**
	 * How many watches are open. One whose client is gone counts until something is sent
	 * to it, a minute at most.
	 * @return the count
	 */
	public int openWatches() {
		return this.watches.count();
	}

	/**
	 * How many TLS connections were accepted since the start, including those whose
	 * handshake failed.
	 * @return the count
	 */
	public int connections() {
		return this.http.connections();
	}

	/**
	 * Forget the history of changes: a watch from a resource version of before gets an
	 * {@code ERROR} event, code 410.
	 */
	public void compactHistory() {
		this.store.compact();
	}

	/**
	 * Stop listening: connections are refused, open ones are cut. What is stored stays,
	 * and the approver and the signers go on.
	 */
	public void pause() {
		this.http.stop();
	}

	/**
	 * Listen again, on the same port. Does nothing unless paused.
	 * @throws UncheckedIOException if another process has taken the port
	 */
	public void resume() {
		this.http.bind();
		this.http.start(this.api);
	}

	/**
	 * End it, with all open connections. Does nothing the second time.
	 */
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

	private void reviewAll() {
		this.controllers.reviewAll();
	}

	private static String random(int length) {
		return ThreadLocalRandom.current()
			.ints(length, 0, SUFFIX_ALPHABET.length())
			.mapToObj((index) -> SUFFIX_ALPHABET.substring(index, index + 1))
			.reduce("", String::concat);
	}

	private static String fileName(String name) {
		return name.replaceAll("[^A-Za-z0-9._-]", "-");
	}

	/**
	 * Says how a control plane shall be before it starts.
	 */
	public static final class Builder {

		private Clock clock = Clock.systemUTC();

		private ApprovalPolicy approval = ApprovalPolicy.approving();

		private int port;

		private Supplier<String> nameSuffixes = () -> random(5);

		private Builder() {
		}

		/**
		 * Listen on this port.
		 * @param port the port; 0, the default, for a free one
		 * @return this
		 */
		public Builder port(int port) {
			this.port = port;
			return this;
		}

		/**
		 * Take the time from this clock: for what is issued, whether client certificates
		 * are valid, and timestamps. Delays and timeouts are in real time.
		 * @param clock the clock; the system's by default
		 * @return this
		 */
		public Builder clock(Clock clock) {
			this.clock = clock;
			return this;
		}

		/**
		 * Decide by this policy; it can be changed later.
		 * @param policy the policy; {@link ApprovalPolicy#approving()} by default
		 * @return this
		 */
		public Builder approval(ApprovalPolicy policy) {
			this.approval = policy;
			return this;
		}

		/** Where the random part of generated names comes from. */
		Builder nameSuffixes(Supplier<String> suffixes) {
			this.nameSuffixes = suffixes;
			return this;
		}

		/**
		 * Start it.
		 * @return the control plane, serving
		 * @throws UncheckedIOException if the port is taken
		 */
		public EmbeddedControlPlane start() {
			return new EmbeddedControlPlane(this);
		}

	}

}
