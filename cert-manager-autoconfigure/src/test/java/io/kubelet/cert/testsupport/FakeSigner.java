package io.kubelet.cert.testsupport;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import org.jspecify.annotations.Nullable;

/**
 * A signer that answers as a test wants; by default it issues at once what was asked for.
 */
public final class FakeSigner implements CertificateSigner {

	/** What was asked, in order. */
	public final List<CertificateRequest> requests = new CopyOnWriteArrayList<>();

	/** The names of what was looked up. */
	public final List<String> joined = new CopyOnWriteArrayList<>();

	/** The names of what was removed. */
	public final List<String> discarded = new CopyOnWriteArrayList<>();

	/** The answers to come, in the order of what was asked and looked up. */
	public final List<CompletableFuture<List<X509Certificate>>> answers = new CopyOnWriteArrayList<>();

	/** How long certificates live. */
	public Duration lifetime = Duration.ofHours(1);

	/** When the object of each name was created. */
	private final Map<String, Instant> created = new ConcurrentHashMap<>();

	private final TestAuthority authority;

	private final Clock clock;

	/** The namespace of each object. */
	public String namespace = "";

	/** The conditions of each object. */
	public List<String> conditions = List.of();

	/** What is said about each object. */
	public String message = "";

	/** The authorities that are reported with each certificate. */
	public List<X509Certificate> authorities = List.of();

	/** Whether objects remain until they are removed. */
	public boolean keepsObjects;

	/** The end of each removal. */
	public CompletableFuture<?> removal = CompletableFuture.completedFuture(null);

	/** Tells of the object that was asked for last. */
	private Runnable progress = () -> {
	};

	private boolean confirms = true;

	private Function<CertificateRequest, CompletableFuture<List<X509Certificate>>> answer = (
			request) -> CompletableFuture.completedFuture(issue(request));

	public FakeSigner(TestAuthority authority, Clock clock) {
		this.authority = authority;
		this.clock = clock;
	}

	@Override
	public CompletableFuture<List<X509Certificate>> request(CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		this.requests.add(request);
		return answer(request, progress);
	}

	@Override
	public CompletableFuture<List<X509Certificate>> join(CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		this.joined.add(String.valueOf(request.name()));
		return answer(request, progress);
	}

	private CompletableFuture<List<X509Certificate>> answer(CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		CompletableFuture<List<X509Certificate>> answer = this.answer.apply(request);
		this.answers.add(answer);
		if (this.confirms) {
			String name = String.valueOf(request.name());
			this.progress = () -> progress.accept(new SubmittedRequest(name, this.namespace, "uid-of-" + name,
					this.created.computeIfAbsent(name, (object) -> this.clock.instant()), this.conditions, this.message,
					this.authorities, ""));
			this.progress.run();
		}
		return answer;
	}

	/** Brings what the watch has not brought. */
	@Override
	public void look(CertificateRequest request) {
		this.progress.run();
	}

	@Override
	public boolean keepsObjects() {
		return this.keepsObjects || CertificateSigner.super.keepsObjects();
	}

	@Override
	public CompletableFuture<?> discard(CertificateRequest request) {
		this.discarded.add(String.valueOf(request.name()));
		return this.removal;
	}

	/** Issue at once. */
	public void issues() {
		this.answer = (request) -> CompletableFuture.completedFuture(issue(request));
	}

	/** Issue something else than was asked for. */
	public void issues(Function<CertificateRequest, List<X509Certificate>> certificate) {
		this.answer = (request) -> CompletableFuture.completedFuture(certificate.apply(request));
	}

	/** Answer with a failure. */
	public void failsWith(Function<CertificateRequest, Throwable> failure) {
		this.answer = (request) -> CompletableFuture.failedFuture(failure.apply(request));
	}

	/** Deny each request. */
	public void denies() {
		failsWith((request) -> RequestException.denied(String.valueOf(request.name()), Signer.of("example.com/signer"),
				"No", "no"));
	}

	/** Answer that the server is busy, and when to come back. */
	public void isBusy(@Nullable Duration retryAfter) {
		failsWith((request) -> RequestException.unavailable("TooManyRequests", "busy", retryAfter, null));
	}

	/** Create no object: what is asked fails before the signer has it. */
	public void silent() {
		this.confirms = false;
	}

	/** Leave requests open: the test completes {@link #answers}. */
	public void holds() {
		this.answer = (request) -> new CompletableFuture<>();
	}

	/** The chain that a well-behaved signer issues for a request. */
	public List<X509Certificate> issue(CertificateRequest request) {
		return List.of(this.authority.issue(request.publicKey(), request.template(), this.clock.instant(),
				this.clock.instant().plus(this.lifetime)));
	}

}
