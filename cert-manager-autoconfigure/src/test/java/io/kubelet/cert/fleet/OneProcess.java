package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

import io.kubelet.cert.fleet.Application.Tally;
import io.kubelet.cert.fleet.ControlPlane.Call;
import io.kubelet.cert.fleet.ControlPlane.Ownership;
import io.kubelet.cert.fleet.ControlPlane.Parameters;

/**
 * Certificates of one process, which share a watch and its threads.
 */
final class OneProcess {

	private static final Duration LIFETIME = Duration.ofDays(1);

	private static final long PATIENCE = Timeline.micros(Duration.ofMinutes(60));

	private final Timeline timeline = new Timeline();

	private final Load load = new Load();

	private final Tally tally = new Tally();

	private final ControlPlane plane;

	private final List<EngineApplication> certificates;

	private final Times times;

	private OneProcess(int certificates, Times times, Parameters parameters) {
		this.times = times;
		this.plane = new ControlPlane(this.timeline, this.load, new Random(1), parameters, LIFETIME);
		Watches.Process process = new Watches.Process(this.plane, times.write, times.call);
		this.certificates = IntStream.range(0, certificates)
			.mapToObj((number) -> new EngineApplication(this.plane, new Ownership(process), this.tally, Duration.ZERO,
					null, process.new Member()))
			.toList();
	}

	/**
	 * Predicts the calls that an API server receives which is killed and restored.
	 * @param times how long what it does takes
	 * @param killed how long it is away for the first time
	 * @param restored and how long after the next rotation it is back, with an older etcd
	 */
	static Map<Phase, Calls> predict(int certificates, Times times, Duration killed, Duration restored) {
		Map<Phase, Calls> calls = new LinkedHashMap<>();
		OneProcess process = new OneProcess(certificates, times, Parameters.FAST_SIGNER.withLatency(times.signing));
		process.certificates.forEach((certificate) -> certificate.start(null));
		calls.put(Phase.FIRST, process.count());
		process.plane.signerAway(true);
		process.plane.serverAway(true);
		process.certificates.forEach(EngineApplication::rotate);
		process.pass(killed);
		calls.put(Phase.KILLED, process.comeBack());
		process.plane.signerAway(true);
		process.certificates.forEach(EngineApplication::rotate);
		long begin = process.timeline.now();
		while (process.certificates.stream().anyMatch((certificate) -> certificate.owner.pending == 0)
				&& process.timeline.next(begin + PATIENCE)) {
			// It is requested
		}
		process.plane.serverAway(true);
		process.plane.restore();
		process.pass(restored.minus(Timeline.duration(process.timeline.now() - begin)));
		calls.put(Phase.RESTORED, process.comeBack());
		return calls;
	}

	/** Predicts the calls if there is one seat, and no queue. */
	static Calls narrow(int certificates, Times times) {
		OneProcess process = new OneProcess(certificates, times, Parameters.ofOneSeat(times.seat, times.signing));
		process.certificates
			.forEach((certificate) -> certificate.start(process.plane.issue(process.plane.newKey(), 0)));
		process.certificates.forEach(EngineApplication::rotate);
		return process.count();
	}

	/** The API server is back, and then the signer. */
	private Calls comeBack() {
		this.plane.serverAway(false);
		this.timeline.in(Timeline.micros(this.times.signerLater), () -> this.plane.signerAway(false));
		return count();
	}

	/** Counts until all have what they wait for. */
	private Calls count() {
		long begin = this.timeline.now();
		this.load.begin(begin);
		this.certificates.forEach(Application::await);
		while (this.tally.awaited > 0 && this.timeline.next(begin + PATIENCE)) {
			// It happens
		}
		Load.Figures figures = this.load.end(this.timeline.now());
		Map<Call, Integer> answered = figures.answered();
		return new Calls(answered.getOrDefault(Call.CREATE, 0), answered.getOrDefault(Call.LIST, 0),
				answered.getOrDefault(Call.WATCH, 0), figures.busy(),
				Duration.ofSeconds((this.timeline.now() - begin) / Timeline.SECOND));
	}

	private void pass(Duration time) {
		long end = this.timeline.now() + Timeline.micros(time);
		while (this.timeline.next(end)) {
			// It happens
		}
	}

	/**
	 * What happens to the process, until all have the certificates that they wait for.
	 */
	enum Phase {

		FIRST("first certificates"), KILLED("API server killed"), RESTORED("etcd restored"),
		NARROW("one seat, and no queue");

		final String title;

		Phase(String title) {
			this.title = title;
		}

	}

	/**
	 * How long what a process and its control plane do takes on average.
	 *
	 * @param write to write a pair or a request with its new key
	 * @param call to send a call, of which five are sent at a time
	 * @param seat how long a creation keeps the only seat
	 * @param signing from the creation of a request to its certificate, beside the limit
	 * of the signer
	 * @param signerLater how much later than the API server the signer begins to sign
	 */
	record Times(Duration write, Duration call, Duration seat, Duration signing, Duration signerLater) {

		static final Times MEASURED = new Times(Duration.ofMillis(7), Duration.ofMillis(16), Duration.ofMillis(20),
				Duration.ofMillis(100), Duration.ofSeconds(8));

	}

	/**
	 * Calls that an API server has received.
	 *
	 * @param created creations of requests
	 * @param lists lists
	 * @param watches watches
	 * @param busy those of any kind that were answered with 429
	 * @param time until all had what they waited for
	 */
	record Calls(int created, int lists, int watches, int busy, Duration time) {

		int all() {
			return this.created + this.lists + this.watches + this.busy;
		}

	}

}
