package io.kubelet.cert.simulation;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The engine lives through random histories. Each run plays the same ones: they follow
 * from the seed, which is printed. {@link SimulationSearch} plays others.
 */
class SimulationTests {

	private static final Tally tally = new Tally();

	@BeforeContainer
	static void begin() {
		tally.begin();
	}

	@Property(tries = 220, seed = "20261125", edgeCases = EdgeCasesMode.NONE)
	void everyInvariantHoldsInAnyHistory(@ForAll("histories") History history) {
		tally.add(new Simulation(history).play());
	}

	@AfterContainer
	static void report() {
		System.out.println(tally.end());
		assertThat(tally.certificateYears()).isGreaterThanOrEqualTo(1000);
	}

	@Provide
	Arbitrary<History> histories() {
		return Histories.any();
	}

}
