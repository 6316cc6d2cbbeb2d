package io.kubelet.cert.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import io.kubelet.cert.test.EmbeddedControlPlane;

/**
 * An embedded control plane in a process of its own, so that its work is not counted as
 * the engine's. It answers each line of its input with the number of requests since the
 * line before, and ends with its input.
 */
final class ControlPlaneProcess {

	static final String ANSWER = "ANSWER ";

	private ControlPlaneProcess() {
	}

	public static void main(String[] args) throws IOException {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				BufferedReader input = new BufferedReader(
						new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
			System.out.println(ANSWER + plane.writeKubeconfig(Path.of(args[0])));
			while (input.readLine() != null) {
				System.out.println(ANSWER + plane.requests().size());
				plane.clearRequests();
			}
		}
	}

}
