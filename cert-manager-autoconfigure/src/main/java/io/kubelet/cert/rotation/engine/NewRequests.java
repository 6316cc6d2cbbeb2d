package io.kubelet.cert.rotation.engine;

import java.util.Objects;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.engine.RotationSettings.Request;
import org.jspecify.annotations.Nullable;

/**
 * Makes the requests of this process.
 */
final class NewRequests {

	private final RotationSettings settings;

	/** What is wanted. */
	private @Nullable CertificateTemplate template;

	/** Not stored yet, so that its key need not be generated again if that fails. */
	private @Nullable PendingRequest next;

	NewRequests(RotationSettings settings) {
		this.settings = settings;
	}

	/**
	 * Returns a request with a new key.
	 * @param replaces the serial number of the pair that it is to replace, {@code null}
	 * if there is none
	 */
	PendingRequest create(CertificateTemplate template, @Nullable String replaces) {
		Request request = this.settings.request();
		PendingRequest next = this.next;
		if (next == null || !request.isAskedForBy(next, template) || !Objects.equals(next.replaces(), replaces)) {
			next = request.create(template, this.settings.resources().keys().generate(request.key()), replaces);
			this.next = next;
		}
		return next;
	}

	/** The request has been stored. */
	void created() {
		this.next = null;
	}

	/** Notes what is wanted, although there is a request already. */
	void isWanted(CertificateTemplate template) {
		this.template = template;
	}

	/**
	 * Makes a request of another replica again, with its key. Whoever can write the store
	 * can store any request, so it is made from our own settings.
	 * @return the request, {@code null} if the other one asks for something else
	 */
	@Nullable PendingRequest again(PendingRequest other) {
		Request request = this.settings.request();
		CertificateTemplate template = this.template;
		return (template != null && request.wouldCreate(other, template))
				? request.create(template, other.keys(), other.replaces()) : null;
	}

}
