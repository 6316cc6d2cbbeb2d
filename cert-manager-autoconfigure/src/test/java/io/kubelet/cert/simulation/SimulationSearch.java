package io.kubelet.cert.simulation;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Plays other histories in each run, and more of them: a search that is made now and then
 * with {@code -Dtest=SimulationSearch}. What it finds is kept in
 * {@link KeptHistoriesTests}.
 */
class SimulationSearch {

	private static final Tally tally = new Tally();

	@BeforeContainer
	static void begin() {
		tally.begin();
	}

	@Property(tries = 2000, edgeCases = EdgeCasesMode.NONE)
	void everyInvariantHoldsInAnyHistory(@ForAll("histories") History history) {
		tally.add(new Simulation(history).play());
	}

	@AfterContainer
	static void report() {
		System.out.println(tally.end());
	}

	@Provide
	Arbitrary<History> histories() {
		return Histories.any();
	}

}
