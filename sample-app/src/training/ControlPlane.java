import java.nio.file.Path;

import io.kubelet.cert.test.EmbeddedControlPlane;

/**
 * A control plane for the start from which the JVM learns. Its process is ended from
 * outside.
 */
class ControlPlane {

	public static void main(String[] args) throws InterruptedException {
		EmbeddedControlPlane plane = EmbeddedControlPlane.start();
		plane.certManager().clusterIssuer("internal");
		plane.writeKubeconfig(Path.of(args[0]));
		Thread.currentThread().join();
	}

}
