package io.kubelet.cert.testsupport;

import org.springframework.boot.logging.LoggingInitializationContext;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.logging.LoggingSystemProperty;
import org.springframework.core.env.StandardEnvironment;

/**
 * The format of the log, which Spring Boot leaves to whatever runs next in the process,
 * in a system property and in Logback.
 */
public final class LogFormat {

	private LogFormat() {
	}

	public static void restore() {
		System.clearProperty(LoggingSystemProperty.CONSOLE_STRUCTURED_FORMAT.getEnvironmentVariableName());
		LoggingSystem system = LoggingSystem.get(LogFormat.class.getClassLoader());
		system.cleanUp();
		system.beforeInitialize();
		system.initialize(new LoggingInitializationContext(new StandardEnvironment()), null, null);
		// So that the next application sets its own
		system.cleanUp();
	}

}
