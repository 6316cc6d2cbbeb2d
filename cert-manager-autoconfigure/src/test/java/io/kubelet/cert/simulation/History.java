package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * All that happens to a few certificates of one process. It has a text form, in which it
 * is printed and kept.
 *
 * @param certificates how many certificates there are
 * @param lifetime how long they live
 * @param idleCheck how often the engine looks at the clock when nothing is due
 * @param seed of the engine's jitter
 * @param steps what happens
 */
record History(int certificates, Duration lifetime, Duration idleCheck, long seed, List<Step> steps) {

	static History parse(String text) {
		String[] lines = text.strip().split("\\s*[;\n]\\s*");
		String[] words = lines[0].split("\\s+");
		return new History(Integer.parseInt(words[0]), Duration.parse(words[1]), Duration.parse(words[2]),
				Long.parseLong(words[3]), Arrays.stream(lines).skip(1).map(Step::parse).toList());
	}

	@Override
	public String toString() {
		return "%d %s %s %d".formatted(this.certificates, this.lifetime, this.idleCheck, this.seed)
				+ this.steps.stream().map(Step::toString).collect(Collectors.joining("; ", "; ", ""));
	}

}
