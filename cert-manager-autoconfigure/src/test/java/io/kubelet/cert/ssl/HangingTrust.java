package io.kubelet.cert.ssl;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Trust whose source answers until it is made to hang.
 */
public final class HangingTrust {

	private final CountDownLatch hanging = new CountDownLatch(1);

	private final CountDownLatch released = new CountDownLatch(1);

	private volatile boolean hangs;

	public LiveTrust live() {
		return new LiveTrust(new LiveTrust.Source(() -> "the volume", this::version, () -> Trust.exactly(List.of())));
	}

	private Object version() {
		if (this.hangs) {
			this.hanging.countDown();
			await(this.released);
		}
		return "one";
	}

	/** Returns when an action that reads the trust hangs. */
	public void hang(Runnable action) {
		this.hangs = true;
		new Thread(action).start();
		await(this.hanging);
	}

	public void release() {
		this.released.countDown();
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
