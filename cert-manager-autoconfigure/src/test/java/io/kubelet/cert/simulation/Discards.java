package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

import io.kubelet.cert.certificate.CertificateRequest;

/**
 * The deletions that one certificate asks for in one life of its process. One that fails
 * is tried again with the next one.
 */
final class Discards {

	private static final Duration LATENCY = Duration.ofMillis(100);

	private static final Duration LATE = Duration.ofMinutes(10);

	private final World world;

	private final SimulatedServer server;

	private final Map<CertificateRequest, CompletableFuture<Object>> unfinished = new LinkedHashMap<>();

	Discards(World world, SimulatedServer server) {
		this.world = world;
		this.server = server;
	}

	CompletableFuture<?> discard(CertificateRequest request) {
		CompletableFuture<Object> done = this.unfinished.computeIfAbsent(request, (any) -> new CompletableFuture<>());
		Duration delay = (this.server.mood() == SimulatedServer.Mood.SILENT) ? LATE : LATENCY;
		this.unfinished.keySet().forEach((each) -> this.world.time().schedule(() -> carryOut(each), delay));
		return done;
	}

	private void carryOut(CertificateRequest request) {
		CompletableFuture<Object> done = this.unfinished.get(request);
		if (done != null && this.server.isDeleted(request)) {
			this.unfinished.remove(request);
			done.complete(request);
		}
	}

	/**
	 * The process ends. What it has not deleted remains, but for what it stored and
	 * deletes when it runs again.
	 */
	void end(Predicate<CertificateRequest> stored) {
		this.unfinished.keySet().stream().filter(stored.negate()).forEach(this.server::remains);
		this.unfinished.clear();
	}

}
