package io.kubelet.cert.kubernetes.csr;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequestCondition;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import org.jspecify.annotations.Nullable;

/**
 * Reads the answers of approvers and signers from a CertificateSigningRequest object.
 */
final class Answers {

	private Answers() {
	}

	/**
	 * Returns the issued chain.
	 * @return the chain, empty if there is no answer yet
	 * @throws RequestException if the request was denied, the signer refused it, or the
	 * issued data is not a certificate
	 */
	static Optional<List<X509Certificate>> issuedChain(V1CertificateSigningRequest object) {
		String name = name(object);
		String signer = object.getSpec().getSignerName();
		condition(object, "Denied").ifPresent((denied) -> {
			throw RequestException.denied(name, signer, text(denied.getReason(), "Denied"),
					text(denied.getMessage(), "no message was given"));
		});
		condition(object, "Failed").ifPresent((failed) -> {
			throw RequestException.failed(name, signer, text(failed.getReason(), "Failed"),
					text(failed.getMessage(), "no message was given"));
		});
		byte[] certificate = certificate(object);
		if (certificate.length == 0 || condition(object, "Approved").isEmpty()) {
			return Optional.empty();
		}
		try {
			return Optional.of(Pem.readCertificates(new String(certificate, StandardCharsets.US_ASCII)));
		}
		catch (MalformedPemException ex) {
			throw RequestException.refused(name, signer, List.of("it is not PEM: " + ex.getMessage()));
		}
	}

	static SubmittedRequest describe(V1CertificateSigningRequest object) {
		return new SubmittedRequest(name(object), uid(object),
				Objects.requireNonNull(metadata(object).getCreationTimestamp()).toInstant(),
				conditions(object).map(V1CertificateSigningRequestCondition::getType).toList());
	}

	/** Returns whether a certificate was issued that has expired. */
	static boolean hasExpired(V1CertificateSigningRequest object, Instant now) {
		byte[] certificate = certificate(object);
		try {
			return certificate.length > 0 && Pem.readCertificates(new String(certificate, StandardCharsets.US_ASCII))
				.stream()
				.anyMatch((issued) -> now.isAfter(issued.getNotAfter().toInstant()));
		}
		catch (MalformedPemException ex) {
			return false;
		}
	}

	static String name(V1CertificateSigningRequest object) {
		return Objects.requireNonNull(metadata(object).getName());
	}

	static String uid(V1CertificateSigningRequest object) {
		return Objects.requireNonNull(metadata(object).getUid());
	}

	static String resourceVersion(V1CertificateSigningRequest object) {
		return Objects.requireNonNull(metadata(object).getResourceVersion());
	}

	static Map<String, String> labels(V1CertificateSigningRequest object) {
		Map<String, String> labels = metadata(object).getLabels();
		return (labels != null) ? labels : Map.of();
	}

	/**
	 * Returns whether the state of an object is, or may be, older than a resource
	 * version. Resource versions are growing numbers, but the API guarantees this only
	 * from release 1.35.
	 */
	static boolean isOlder(V1CertificateSigningRequest object, String resourceVersion) {
		try {
			return Long.compareUnsigned(Long.parseUnsignedLong(resourceVersion(object)),
					Long.parseUnsignedLong(resourceVersion)) < 0;
		}
		catch (NumberFormatException ex) {
			return !resourceVersion(object).equals(resourceVersion);
		}
	}

	private static V1ObjectMeta metadata(V1CertificateSigningRequest object) {
		return Objects.requireNonNull(object.getMetadata(), "An object of the API without metadata");
	}

	private static byte[] certificate(V1CertificateSigningRequest object) {
		byte[] certificate = (object.getStatus() != null) ? object.getStatus().getCertificate() : null;
		return (certificate != null) ? certificate : new byte[0];
	}

	private static Optional<V1CertificateSigningRequestCondition> condition(V1CertificateSigningRequest object,
			String type) {
		return conditions(object).filter((condition) -> type.equals(condition.getType())).findFirst();
	}

	private static Stream<V1CertificateSigningRequestCondition> conditions(V1CertificateSigningRequest object) {
		return (object.getStatus() != null && object.getStatus().getConditions() != null)
				? object.getStatus().getConditions().stream() : Stream.empty();
	}

	private static String text(@Nullable String text, String otherwise) {
		return (text != null && !text.isBlank()) ? text : otherwise;
	}

}
