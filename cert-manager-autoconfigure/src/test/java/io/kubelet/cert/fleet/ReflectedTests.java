package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.Map;
import java.util.Random;

import io.kubelet.cert.fleet.ControlPlane.Call;
import io.kubelet.cert.fleet.ControlPlane.Ownership;
import io.kubelet.cert.fleet.ControlPlane.Parameters;
import io.kubelet.cert.fleet.ControlPlane.RequestObject;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The model of a watch lists and watches as the starter's reflector does.
 *
 * @see io.kubelet.cert.kubernetes.internal.watch.Reflector
 */
class ReflectedTests {

	private final Timeline timeline = new Timeline();

	private final Load load = new Load();

	/** One call at a time, which takes seconds. */
	private final ControlPlane plane = new ControlPlane(this.timeline, this.load, new Random(1),
			new Parameters(1, 1, 1, (created) -> 1_000, Duration.ofHours(1)), Duration.ofDays(1));

	@Test
	void aListThatTheServerIsTooBusyForIsRepeated() {
		RequestObject object = this.plane.create(new Ownership(null), this.plane.newKey());
		new Reflected(this.plane, object, () -> {
		}, () -> {
		});
		pass(5);
		this.plane.serverAway(true);
		this.plane.serverAway(false);
		this.plane.call(Call.CREATE, () -> {
		}, (failure) -> {
		});
		pass(30);
		Load.Figures figures = this.load.end(this.timeline.now());
		assertThat(figures.busy()).isPositive();
		assertThat(figures.answered()).isEqualTo(Map.of(Call.CREATE, 1, Call.LIST, 1, Call.WATCH, 2));
	}

	private void pass(long seconds) {
		long end = this.timeline.now() + seconds * Timeline.SECOND;
		while (this.timeline.next(end)) {
			// It happens
		}
	}

}
