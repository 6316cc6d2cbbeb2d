package io.kubelet.cert.faults;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.FileCertificateStore;

/**
 * A program that updates a store without end, until it is killed.
 */
final class StoreUpdater {

	private StoreUpdater() {
	}

	/**
	 * Run it: it says that it is ready, and begins when it is sent a byte.
	 * @param args the store's directory, then files with pairs
	 */
	public static void main(String[] args) throws Exception {
		List<CertificatePair> pairs = new ArrayList<>();
		for (int i = 1; i < args.length; i++) {
			pairs.add(Pem.readPair(Files.readString(Path.of(args[i]))));
		}
		System.out.println("ready");
		if (System.in.read() < 0) {
			return;
		}
		FileCertificateStore store = new FileCertificateStore(Path.of(args[0]), "one", null, 5, Clock.systemUTC());
		Stored stored = Stored.NOTHING;
		for (int update = 0; true; update++) {
			stored = store.write(stored.withPair(pairs.get(update % pairs.size()), null));
			if (update == 0) {
				System.out.println("updating");
			}
		}
	}

}
