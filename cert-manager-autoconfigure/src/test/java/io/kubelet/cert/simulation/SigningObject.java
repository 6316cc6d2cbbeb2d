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

	/** Whose it is. */
	final SimulatedCertificate owner;

	/** Who waits for it. */
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

	SigningObject(String uid, Instant createdAt, CertificateRequest request, SimulatedCertificate owner) {
		this.uid = uid;
		this.createdAt = createdAt;
		this.request = request;
		this.owner = owner;
	}

	String name() {
		return String.valueOf(this.request.name());
	}

	boolean isOpen() {
		return this.state == State.PENDING;
	}

	SubmittedRequest submitted() {
		List<String> conditions = switch (this.state) {
			case PENDING, GONE -> List.of();
			case ISSUED -> List.of("Approved");
			case REFUSED -> List.of("Denied");
		};
		return new SubmittedRequest(name(), this.uid, this.createdAt, conditions);
	}

	enum State {

		PENDING, ISSUED, REFUSED, GONE

	}

	/** A client that waits for an answer. */
	record Watcher(CompletableFuture<List<X509Certificate>> answer, Consumer<SubmittedRequest> progress,
			boolean silent) {

	}

}
