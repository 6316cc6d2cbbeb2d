package io.kubelet.cert.autoconfigure.actuate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.actuate.BoundMeters;
import io.kubelet.cert.export.ExportedFiles;
import io.kubelet.cert.export.Exports;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * The metrics of exported files.
 *
 * @param exports the exported files
 * @param clock the clock
 * @param bound the meters to remove
 */
record ExportMetrics(Exports exports, Clock clock, BoundMeters bound) implements MeterBinder, AutoCloseable {

	@Override
	public void bindTo(MeterRegistry registry) {
		this.exports.files()
			.forEach((certificate, files) -> this.bound.add(registry,
					TimeGauge.builder("kubelet.cert.export.failing", files, TimeUnit.SECONDS, this::failing)
						.description("Time since the export to files began to fail, 0 if the files are current")
						.tag("certificate", certificate)
						.register(registry)));
	}

	private double failing(ExportedFiles files) {
		Instant since = files.failingSince();
		return (since != null) ? Math.max(0, Duration.between(since, this.clock.instant()).toMillis() / 1000.0) : 0;
	}

	@Override
	public void close() {
		this.bound.close();
	}

}
