package io.kubelet.cert.simulation;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;

/**
 * An API server with a signer and a Secret, and what must never happen there. It counts.
 */
final class ReplicaWorld {

	static final Duration LIFETIME = Duration.ofHours(2);

	private static final Duration LATENCY = Duration.ofMillis(100);

	private static final TestAuthority authority = new TestAuthority("replicas", new KeyPool().next());

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final SharedSecret secret = new SharedSecret(this);

	private final Map<String, Submitted> objects = new LinkedHashMap<>();

	private final Set<String> names = new HashSet<>();

	private final boolean keepsRequests;

	final List<String> violations = new ArrayList<>();

	boolean denies;

	boolean down;

	Duration delay = Duration.ofSeconds(1);

	int creates;

	int pairs;

	int denials;

	int abandoned;

	/** Creations of a request whose object a replica had deleted before it was killed. */
	int recreations;

	int kills;

	/**
	 * @param keepsRequests whether objects stay until they are deleted
	 */
	ReplicaWorld(boolean keepsRequests) {
		this.keepsRequests = keepsRequests;
	}

	SimulatedTime time() {
		return this.time;
	}

	SharedSecret secret() {
		return this.secret;
	}

	boolean keepsRequests() {
		return this.keepsRequests;
	}

	int objects() {
		return this.objects.size();
	}

	void require(boolean condition, String invariant) {
		if (!condition && this.violations.size() < 5) {
			this.violations.add(this.time.instant() + ": " + invariant);
		}
	}

	/** Something was written. */
	void stored(Stored before, Stored now) {
		CertificatePair last = before.pair();
		CertificatePair pair = now.pair();
		require(last == null || pair != null, "the pair is lost");
		if (pair != null && !pair.equals(last)) {
			this.pairs++;
			require(last == null || !pair.notBefore().isBefore(last.notBefore()), "an older pair is stored");
			require(now.deadline() != null, "there is no common deadline");
		}
		PendingRequest replaced = before.pending();
		boolean kept = replaced == null
				|| (now.pending() != null && now.pending().hasKey(replaced.request().publicKey()));
		boolean answered = replaced != null && pair != null && replaced.hasKey(pair.leaf().getPublicKey());
		if (replaced != null && !kept && !answered) {
			Submitted object = this.objects.get(String.valueOf(replaced.request().name()));
			if (object == null || object.failure == null) {
				this.abandoned++;
			}
			if (object != null) {
				object.abandoned = true;
			}
		}
	}

	void create(Replica replica, CertificateRequest request, Consumer<SubmittedRequest> progress,
			CompletableFuture<List<X509Certificate>> answer, boolean creates) {
		String name = String.valueOf(request.name());
		this.time.schedule(() -> {
			if (answer.isDone()) {
				return;
			}
			if (replica.isCutOff()) {
				answer.completeExceptionally(RequestException.unavailable(name, "Unreachable", "away", null, null));
				return;
			}
			Submitted object = this.objects.get(name);
			if (object == null && creates && request.uid() == null) {
				object = create(name, request);
				if (replica.mayDie(Replica.Moment.AFTER_CREATION)) {
					return;
				}
			}
			if (object == null) {
				answer.completeExceptionally(gone(name));
				return;
			}
			progress.accept(object.state());
			object.waiting.add(new Waiting(replica, progress, answer));
			tell(object);
		}, LATENCY);
	}

	private Submitted create(String name, CertificateRequest request) {
		this.creates++;
		this.recreations += this.names.add(name) ? 0 : 1;
		Submitted object = new Submitted(name, request, this.time.instant());
		object.abandoned = !this.secret.holds(name);
		require(this.objects.values().stream().noneMatch((other) -> other.isPending() && !other.abandoned)
				|| object.abandoned, "there are two pending requests");
		this.objects.put(name, object);
		this.time.schedule(() -> decide(object), this.delay);
		return object;
	}

	private void decide(Submitted object) {
		if (this.objects.get(object.name) != object) {
			return;
		}
		if (this.denies) {
			this.denials++;
			object.failure = RequestException.denied(object.name, "example.com/signer", "Policy", "no");
		}
		else {
			Instant now = this.time.instant();
			object.chain = List.of(authority.issue(object.request.publicKey(), object.request.template(),
					now.minus(Duration.ofMinutes(5)), now.plus(LIFETIME)));
		}
		tell(object);
	}

	/** Replicas that are cut off learn of it later. */
	void tell(Submitted object) {
		for (Waiting waiting : List.copyOf(object.waiting)) {
			if (!object.isPending() && !waiting.replica.isCutOff()) {
				object.waiting.remove(waiting);
				if (object.failure != null) {
					waiting.answer.completeExceptionally(object.failure);
				}
				else {
					waiting.progress.accept(object.state());
					waiting.answer.complete(object.chain);
				}
			}
		}
	}

	void reconnected(Replica replica) {
		this.objects.values().forEach(this::tell);
	}

	CompletableFuture<?> discard(Replica replica, CertificateRequest request) {
		CompletableFuture<Object> done = new CompletableFuture<>();
		if (!this.keepsRequests) {
			done.complete(request);
		}
		else {
			this.time.schedule(() -> discard(replica, request, done), LATENCY);
		}
		return done;
	}

	/** What cannot be deleted now is deleted later. */
	private void discard(Replica replica, CertificateRequest request, CompletableFuture<Object> done) {
		if (replica.isCutOff()) {
			this.time.schedule(() -> discard(replica, request, done), Duration.ofMinutes(1));
			return;
		}
		Submitted object = this.objects.get(String.valueOf(request.name()));
		if (object != null && (request.uid() == null || request.uid().equals(object.state().uid()))) {
			this.objects.remove(object.name);
			object.failure = gone(object.name);
			tell(object);
		}
		done.complete(request);
	}

	/** What those leave behind who were killed between two steps is not deleted. */
	List<String> leftBehind() {
		return this.objects.values()
			.stream()
			.filter((object) -> !object.abandoned && !this.secret.holds(object.name))
			.map((object) -> object.name)
			.toList();
	}

	private static RequestException gone(String name) {
		return RequestException.lost(name, "Gone", "Request " + name + " is gone");
	}

	private record Waiting(Replica replica, Consumer<SubmittedRequest> progress,
			CompletableFuture<List<X509Certificate>> answer) {

	}

	static final class Submitted {

		private final String name;

		private final CertificateRequest request;

		private final Instant createdAt;

		private final List<Waiting> waiting = new ArrayList<>();

		private List<X509Certificate> chain = List.of();

		private @Nullable RequestException failure;

		private boolean abandoned;

		private Submitted(String name, CertificateRequest request, Instant createdAt) {
			this.name = name;
			this.request = request;
			this.createdAt = createdAt;
		}

		private boolean isPending() {
			return this.chain.isEmpty() && this.failure == null;
		}

		private SubmittedRequest state() {
			return new SubmittedRequest(this.name, "uid-" + this.name, this.createdAt,
					this.chain.isEmpty() ? List.of() : List.of("Ready"));
		}

	}

	static String serial(@Nullable CertificatePair pair) {
		return (pair != null) ? pair.serialNumber() : "none";
	}

	boolean isStored(CertificatePair pair) {
		return Objects.equals(pair, this.secret.stored().pair());
	}

}
