package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

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

	private static final int SEQUENCES = 20;

	private final Timeline timeline = new Timeline();

	private final Load load = new Load();

	private final Tally tally = new Tally();

	private final ControlPlane plane;

	private final List<EngineApplication> certificates;

	private final Times times;

	private OneProcess(int certificates, Times times, Parameters parameters, long seed) {
		this.times = times;
		this.plane = new ControlPlane(this.timeline, this.load, new Random(seed), parameters, LIFETIME);
		Watches.Process process = new Watches.Process(this.plane, times.write, times.call);
		this.certificates = IntStream.range(0, certificates)
			.mapToObj((number) -> new EngineApplication(this.plane, new Ownership(process), this.tally, Duration.ZERO,
					null, process.new Member()))
			.toList();
	}

	/**
	 * Predicts the calls that an API server receives: the mean of several sequences of
	 * random numbers.
	 * @param phase what happens to the process
	 * @param times how long what it does takes
	 * @param away how long after the demand to rotate the API server is back, if it was
	 * away
	 */
	static Calls predict(Phase phase, int certificates, Times times, Duration away) {
		Parameters parameters = times.signing.with((phase == Phase.NARROW)
				? Parameters.ofOneSeat(times.seat, certificates, times.signing.latency) : Parameters.FAST_SIGNER);
		return Calls.mean(LongStream.range(0, SEQUENCES)
			.mapToObj((seed) -> new OneProcess(certificates, times, parameters, seed).play(phase, away))
			.toList());
	}

	private Calls play(Phase phase, Duration away) {
		this.certificates.forEach((certificate) -> certificate
			.start((phase == Phase.FIRST) ? null : this.plane.issue(this.plane.newKey(), 0)));
		return switch (phase) {
			case FIRST -> count();
			case KILLED -> kill(away);
			case RESTORED -> restore(away);
			case NARROW -> {
				this.certificates.forEach(EngineApplication::rotate);
				yield count();
			}
		};
	}

	private Calls kill(Duration away) {
		this.plane.signerAway(true);
		this.plane.serverAway(true);
		this.certificates.forEach(EngineApplication::rotate);
		pass(away);
		return comeBack();
	}

	/** All have requested when the requests vanish. */
	private Calls restore(Duration away) {
		this.plane.signerAway(true);
		this.certificates.forEach(EngineApplication::rotate);
		long begin = this.timeline.now();
		while (this.certificates.stream().anyMatch((certificate) -> certificate.owner.pending == 0)
				&& this.timeline.next(begin + PATIENCE)) {
			// It is requested
		}
		this.plane.serverAway(true);
		this.plane.restore();
		pass(away.minus(Timeline.duration(this.timeline.now() - begin)));
		return comeBack();
	}

	/** The API server is back, and then the signer. */
	private Calls comeBack() {
		this.plane.serverAway(false);
		this.timeline.in(Timeline.micros(this.times.signing.later), () -> this.plane.signerAway(false));
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
	 * @param seat how long a creation keeps the only seat, in as many equal parts of all
	 * creations
	 * @param signing how fast the signer is
	 */
	record Times(Duration write, Duration call, List<Duration> seat, Signing signing) {
	}

	/**
	 * How fast requests are approved and signed.
	 *
	 * @param later how much later than the API server the signer begins
	 * @param perSecond how many it signs, one after the other
	 * @param latency from the creation of a request to its certificate, beside that
	 */
	record Signing(Duration later, int perSecond, Duration latency) {

		private Parameters with(Parameters server) {
			return new Parameters(server.processors(), server.queue(), this.perSecond, server.slowness(), this.latency);
		}

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

		private static Calls mean(List<Calls> all) {
			return new Calls(mean(all, Calls::created), mean(all, Calls::lists), mean(all, Calls::watches),
					mean(all, Calls::busy), Duration.ofSeconds(mean(all, (calls) -> (int) calls.time.toSeconds())));
		}

		private static int mean(List<Calls> all, ToIntFunction<Calls> value) {
			return (int) Math.round(all.stream().mapToInt(value).average().orElseThrow());
		}

		int all() {
			return this.created + this.lists + this.watches + this.busy;
		}

	}

}
