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

	final List<Watcher> watchers = new ArrayList<>();

	State state = State.PENDING;

	/** Whether the engine no longer waits for it. */
	boolean abandoned;

	/**
	 * Whether the engine cannot delete it, or may not, or does not know that it is there.
	 */
	boolean remains;

	/** Counts the plans for a decision: only the last one is carried out. */
	int plan;

	List<X509Certificate> chain = List.of();

	@Nullable Throwable refusal;

	SigningObject(String uid, Instant createdAt, CertificateRequest request, SimulatedProcess owner) {
		this.uid = uid;
		this.createdAt = createdAt;
		this.request = request;
		this.owner = owner;
	}

	String name() {
		return String.valueOf(this.request.name());
	}

	boolean isPending() {
		return this.state == State.PENDING;
	}

	boolean isWatched(SimulatedProcess process) {
		return this.watchers.stream().anyMatch((watcher) -> watcher.process() == process && !watcher.answer().isDone());
	}

	SubmittedRequest submitted() {
		return new SubmittedRequest(name(), this.uid, this.createdAt,
				isPending() ? List.of() : List.of((this.state == State.ISSUED) ? "Approved" : "Denied"));
	}

	enum State {

		PENDING, ISSUED, REFUSED, GONE

	}

	/** A client that waits for an answer. */
	record Watcher(SimulatedProcess process, CompletableFuture<List<X509Certificate>> answer,
			Consumer<SubmittedRequest> progress, boolean silent) {

	}

}
