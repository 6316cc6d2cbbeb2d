package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.function.IntFunction;

import io.kubelet.cert.fleet.ControlPlane.Call;
import io.kubelet.cert.fleet.ControlPlane.Ownership;
import io.kubelet.cert.fleet.ControlPlane.RequestObject;
import org.jspecify.annotations.Nullable;

/**
 * An application with the constants of another program. Each attempt has a new key and a
 * new request.
 */
final class RivalApplication extends Application {

	/** What client-go repeats at once if the server is busy, it repeats so often. */
	private static final int BUSY_RETRIES = 10;

	/** In seconds: so long a Certificate waits after a denial, then twice as long. */
	private static final int HOUR = 3_600;

	private final Rival rival;

	private final Duration lifetime;

	/** In microseconds. */
	private long deadline = Long.MAX_VALUE;

	private int failures;

	/** Requests that were denied, one after the other. */
	private int denials;

	private int attempt;

	private ControlPlane.@Nullable Watch watch;

	RivalApplication(ControlPlane plane, Ownership owner, Tally tally, Rival rival, Duration lifetime) {
		super(plane, owner, tally);
		this.rival = rival;
		this.lifetime = lifetime;
	}

	@Override
	void start(@Nullable DatedCertificate stored) {
		this.certificate = stored;
		if (stored == null) {
			this.deadline = this.plane.timeline.now();
			begin();
		}
		else {
			schedule(stored);
		}
	}

	@Override
	void rotate() {
		this.deadline = this.plane.timeline.now();
		begin();
	}

	@Override
	boolean isDue() {
		return this.deadline <= this.plane.timeline.now();
	}

	private void schedule(DatedCertificate certificate) {
		long begin = Timeline.micros(certificate.getNotBefore().toInstant());
		long length = Timeline.micros(certificate.getNotAfter().toInstant()) - begin;
		double part = this.rival.earliest + (this.rival.latest - this.rival.earliest) * this.plane.random.nextDouble();
		this.deadline = (this.rival == Rival.CRON) ? tick() : begin + (long) (part * length);
		again(this.deadline);
	}

	/** The next time at which all of them begin. */
	private long tick() {
		long period = Timeline.micros(this.lifetime) / 2;
		return (this.plane.timeline.now() / period + 1) * period;
	}

	private void again(long at) {
		int attempt = ++this.attempt;
		this.plane.timeline.at(at, () -> {
			if (this.attempt == attempt) {
				begin();
			}
		});
	}

	private void begin() {
		create(++this.attempt, 0);
	}

	private void create(int attempt, int retries) {
		this.plane.call(Call.CREATE, () -> {
			RequestObject object = this.plane.create(this.owner, this.plane.newKey());
			this.plane.timeline.in(Timeline.micros(this.rival.newRequestAfter), () -> failed(attempt));
			find(attempt, this.rival.lists, object);
		}, (failure) -> {
			if (failure.isBusy() && retries < BUSY_RETRIES) {
				this.plane.timeline.in(failure.retryAfter() * Timeline.SECOND, () -> create(attempt, retries + 1));
			}
			else {
				failed(attempt);
			}
		});
	}

	/** Lists so often, then watches. */
	private void find(int attempt, int lists, RequestObject object) {
		if (this.attempt == attempt && lists > 0) {
			this.plane.call(Call.LIST, () -> find(attempt, lists - 1, object), (failure) -> again(attempt, object));
		}
		else if (this.attempt == attempt) {
			this.plane.call(Call.WATCH, () -> watch(attempt, object), (failure) -> again(attempt, object));
		}
	}

	private void again(int attempt, RequestObject object) {
		long pause = (long) (Timeline.SECOND * (1 + 29 * this.plane.random.nextDouble()));
		this.plane.timeline.in(pause, () -> find(attempt, 1, object));
	}

	private void watch(int attempt, RequestObject object) {
		if (this.attempt == attempt) {
			long seconds = 300 + this.plane.random.nextInt(300);
			this.watch = this.plane.watch(object, seconds * Timeline.SECOND, () -> answered(attempt, object),
					() -> find(attempt, 0, object), () -> again(attempt, object));
		}
	}

	private void answered(int attempt, RequestObject object) {
		if (this.attempt == attempt && object.certificate != null) {
			stop();
			this.failures = 0;
			this.denials = 0;
			use(object.certificate);
			schedule(object.certificate);
		}
		else if (this.attempt == attempt && this.rival == Rival.CERT_MANAGER) {
			stop();
			this.denials++;
			again(this.plane.timeline.now() + Timeline.micros(doubling(HOUR, this.denials, 32 * HOUR)));
		}
		else {
			failed(attempt);
		}
	}

	private void failed(int attempt) {
		if (this.attempt != attempt) {
			return;
		}
		stop();
		this.failures++;
		Duration wait = this.rival.waits.apply(this.failures);
		if (wait == null) {
			this.failures = 0;
			again(tick());
		}
		else {
			double jitter = 1 + this.rival.jitter * this.plane.random.nextDouble();
			again(this.plane.timeline.now() + (long) (Timeline.micros(wait) * jitter));
		}
	}

	private void stop() {
		this.attempt++;
		if (this.watch != null) {
			this.watch.end();
			this.watch = null;
		}
	}

	private static Duration doubling(int seconds, int failures, int most) {
		return Duration.ofSeconds((long) Math.min(most, seconds * Math.pow(2, failures - 1)));
	}

	/** The constants of other programs. */
	enum Rival {

		/** That of the kubelet. */
		CLIENT_GO(0.7, 0.9, (failures) -> doubling(2, failures, 32), 0.1, Duration.ofMinutes(15), 2),

		/** Its Certificate, as if each were an application. */
		CERT_MANAGER(2 / 3.0, 2 / 3.0, (failures) -> doubling(1, failures, 30), 0, Duration.ofDays(365), 0),

		/** A CronJob, each half lifetime, with the retries of a Job. */
		CRON(0.5, 0.5, (failures) -> (failures > 6) ? null : doubling(10, failures, 360), 0, Duration.ofMinutes(15), 0);

		private final double earliest;

		private final double latest;

		private final IntFunction<@Nullable Duration> waits;

		private final double jitter;

		private final Duration newRequestAfter;

		private final int lists;

		Rival(double earliest, double latest, IntFunction<@Nullable Duration> waits, double jitter,
				Duration newRequestAfter, int lists) {
			this.earliest = earliest;
			this.latest = latest;
			this.waits = waits;
			this.jitter = jitter;
			this.newRequestAfter = newRequestAfter;
			this.lists = lists;
		}

	}

}
