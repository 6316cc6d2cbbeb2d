package io.kubelet.cert.autoconfigure.ssl;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.trust.Trust;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Trusts no authority until the authorities have been read for the first time, from an
 * object of the API or from the certificate of an issuer, and logs why they cannot be
 * read. Used if the application does not wait at startup.
 */
final class EmptyUntilRead implements Function<RuntimeException, Trust> {

	private static final Logger logger = LoggerFactory.getLogger(EmptyUntilRead.class);

	private final String name;

	private final String bundleName;

	private @Nullable String logged;

	EmptyUntilRead(String name, String bundleName) {
		this.name = name;
		this.bundleName = bundleName;
	}

	@Override
	public Trust apply(RuntimeException problem) {
		if (!Objects.equals(problem.getMessage(), this.logged)) {
			// The first answer may take a moment, which needs no warning
			boolean unanswered = this.logged == null && Kind.of(problem) == Kind.UNAVAILABLE;
			logger.atLevel(unanswered ? Level.INFO : Level.WARN)
				.log("[{}] The SSL bundle '{}' trusts nobody for now: {}", this.name, this.bundleName,
						problem.getMessage());
			this.logged = problem.getMessage();
		}
		return Trust.exactly(List.of());
	}

}
