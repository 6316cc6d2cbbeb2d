package io.kubelet.cert.autoconfigure.settings;

import java.time.Duration;

/**
 * What happens at startup if there is no certificate.
 */
class StartupProperties {

	/**
	 * Whether to wait for the certificate and fail without it, or to start without it and
	 * obtain it in the background.
	 */
	private Mode mode = Mode.WAIT;

	/**
	 * How long to wait.
	 */
	private Duration timeout = Duration.ofSeconds(60);

	public Mode getMode() {
		return this.mode;
	}

	public void setMode(Mode mode) {
		this.mode = mode;
	}

	public Duration getTimeout() {
		return this.timeout;
	}

	public void setTimeout(Duration timeout) {
		this.timeout = timeout;
	}

	/**
	 * What happens at startup if there is no certificate.
	 */
	enum Mode {

		/** Wait for the certificate, and fail to start without it. */
		WAIT,

		/** Start without the certificate and obtain it in the background. */
		BACKGROUND

	}

}
