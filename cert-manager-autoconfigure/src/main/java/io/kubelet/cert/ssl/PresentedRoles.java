package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

import io.kubelet.cert.certificate.ExternalText;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns once if the certificate of a bundle does not suit what it is presented as. The
 * peer refuses it, with an alert that says little.
 */
final class PresentedRoles {

	private static final Logger logger = LoggerFactory.getLogger(PresentedRoles.class);

	private final String bundleName;

	private final Set<TlsRole> warned = EnumSet.noneOf(TlsRole.class);

	private volatile @Nullable Presented suitable;

	PresentedRoles(String bundleName) {
		this.bundleName = bundleName;
	}

	/** Called in each handshake. */
	void check(TlsRole role, X509Certificate leaf) {
		Presented presented = new Presented(role, leaf);
		if (presented.equals(this.suitable)) {
			return;
		}
		String objection = role.objection(leaf);
		if (objection == null) {
			this.suitable = presented;
		}
		else if (isFirst(role)) {
			logger.warn(
					"The certificate '{}' of the SSL bundle '{}' was presented by a {}, but {}: peers may refuse it. {}",
					ExternalText.subject(leaf), this.bundleName, role.name().toLowerCase(Locale.ROOT), objection,
					(role == TlsRole.SERVER)
							? "Set 'template.dns-names' and 'usages' of this certificate to those of a server, or give the server another bundle"
							: "Add 'client auth' to 'usages' of this certificate, if its signer issues that, or give the client another bundle");
		}
	}

	private boolean isFirst(TlsRole role) {
		synchronized (this.warned) {
			return this.warned.add(role);
		}
	}

	private record Presented(TlsRole role, X509Certificate leaf) {
	}

}
