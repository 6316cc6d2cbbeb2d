package io.kubelet.cert.autoconfigure.ssl;

import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Contains no authority until an object of the API has been read for the first time. Used
 * if the application does not wait for the API server at startup.
 */
final class EmptyUntilRead implements LiveTrust.Source {

	private static final Logger logger = LoggerFactory.getLogger(EmptyUntilRead.class);

	private final String name;

	private final String bundleName;

	private final LiveTrust.Source source;

	private boolean known;

	private @Nullable String logged;

	EmptyUntilRead(String name, String bundleName, LiveTrust.Source source) {
		this.name = name;
		this.bundleName = bundleName;
		this.source = source;
	}

	@Override
	public synchronized Reading read() {
		try {
			Reading reading = this.source.read();
			this.known = true;
			return reading;
		}
		catch (RuntimeException ex) {
			if (this.known) {
				throw ex;
			}
			// The first answer may take a moment, which needs no warning
			boolean unanswered = Kind.of(ex) == Kind.UNAVAILABLE;
			if (!Objects.equals(ex.getMessage(), this.logged)) {
				logger.atLevel((this.logged == null && unanswered) ? Level.INFO : Level.WARN)
					.log("[{}] The SSL bundle '{}' trusts nobody for now: {}", this.name, this.bundleName,
							ex.getMessage());
				this.logged = ex.getMessage();
			}
			return new Reading("the API", "unknown", Object::new, Trust.exactly(List.of()));
		}
	}

}
