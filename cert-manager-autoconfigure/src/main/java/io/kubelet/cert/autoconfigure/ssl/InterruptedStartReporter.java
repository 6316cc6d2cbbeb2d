package io.kubelet.cert.autoconfigure.ssl;

import java.util.Objects;
import java.util.stream.Stream;

import io.kubelet.cert.kubernetes.internal.InterruptedStartException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.SpringBootExceptionReporter;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Reports that a shutdown has ended a start that waited for a certificate. This is no
 * failure, so there is neither an error nor a stack trace.
 */
class InterruptedStartReporter implements SpringBootExceptionReporter {

	private static final Logger logger = LoggerFactory.getLogger(InterruptedStartReporter.class);

	/**
	 * Creates a reporter.
	 * @param context the context of the application, as all reporters receive it
	 */
	InterruptedStartReporter(@Nullable ConfigurableApplicationContext context) {
	}

	@Override
	public boolean reportException(Throwable failure) {
		return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
			.filter(InterruptedStartException.class::isInstance)
			.findFirst()
			.map((interruption) -> {
				logger.info("The start ends, because the application is shut down: {}", interruption.getMessage());
				return true;
			})
			.orElse(false);
	}

}
