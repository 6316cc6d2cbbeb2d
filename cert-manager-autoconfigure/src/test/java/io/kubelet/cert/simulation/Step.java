package io.kubelet.cert.simulation;

import java.time.Duration;

/**
 * Something happens, then time passes.
 *
 * @param action what happens
 * @param certificate the index of the certificate to which it happens, if it happens to
 * one
 * @param pass how much time passes then
 */
record Step(Action action, int certificate, Duration pass) {

	static Step parse(String text) {
		String[] words = text.trim().split("\\s+");
		return new Step(Action.valueOf(words[0]), Integer.parseInt(words[1]), Duration.parse(words[2]));
	}

	@Override
	public String toString() {
		return "%s %d %s".formatted(this.action, this.certificate, this.pass);
	}

}
