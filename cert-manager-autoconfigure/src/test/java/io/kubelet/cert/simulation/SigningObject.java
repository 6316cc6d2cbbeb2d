package io.kubelet.cert.simulation;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import org.jspecify.annotations.Nullable;

/**
 * A certificate signing request as the simulated server keeps it.
 */
final class SigningObject {

	final String uid;

	final Instant createdAt;

	final CertificateRequest request;

	/** The process that created it. */
	final SimulatedProcess owner;

	/** The life of this process in which it did. */
	final ProcessScheduler life;

	final List<Watcher> watchers = new ArrayList<>();

	/** The issued chain, or why there is none. */
	final CompletableFuture<List<X509Certificate>> outcome = new CompletableFuture<>();

	/** When it was answered, {@code null} while it is not. */
	@Nullable Instant answeredAt;

	/** Whether the engine no longer waits for it. */
	boolean abandoned;

	/** Whether the engine may not delete it, or does not know that it is there. */
	boolean remains;

	SigningObject(String uid, Instant createdAt, CertificateRequest request, SimulatedProcess owner,
			ProcessScheduler life) {
		this.uid = uid;
		this.createdAt = createdAt;
		this.request = request;
		this.owner = owner;
		this.life = life;
	}

	String name() {
		return String.valueOf(this.request.name());
	}

	boolean isPending() {
		return !this.outcome.isDone();
	}

	boolean isWatched(SimulatedProcess process) {
		return this.watchers.stream().anyMatch((watcher) -> watcher.process() == process && !watcher.answer().isDone());
	}

	SubmittedRequest submitted() {
		return new SubmittedRequest(name(), this.uid, this.createdAt,
				isPending() ? List.of() : List.of(this.outcome.isCompletedExceptionally() ? "Denied" : "Approved"));
	}

	/** A client that waits for an answer. */
	record Watcher(SimulatedProcess process, ProcessScheduler life, CompletableFuture<List<X509Certificate>> answer,
			Consumer<SubmittedRequest> progress, boolean silent) {

	}

}
