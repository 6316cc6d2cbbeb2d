package io.kubelet.cert.actuate;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationThrottledException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * Reports each certificate, its template and its next rotation deadline, and rotates a
 * certificate on request if {@code management.endpoint.certificates.access} is
 * {@code unrestricted}. Key material is never included.
 */
@Endpoint(id = "certificates", defaultAccess = Access.READ_ONLY)
public class CertificatesEndpoint {

	private final CertificateManagers managers;

	private final Function<String, List<SeenPeer>> peers;

	private final Function<String, @Nullable LiveTrust> trust;

	private final Function<String, @Nullable String> exportProblem;

	/**
	 * Creates the endpoint.
	 * @param managers the certificates to report
	 * @param peers returns the peers that a certificate's SSL bundle has seen
	 * @param trust returns what that bundle trusts, {@code null} if it is not known
	 * @param exportProblem returns why the exported files of a certificate are not
	 * current, {@code null} if nothing is wrong
	 */
	public CertificatesEndpoint(CertificateManagers managers, Function<String, List<SeenPeer>> peers,
			Function<String, @Nullable LiveTrust> trust, Function<String, @Nullable String> exportProblem) {
		this.managers = managers;
		this.peers = peers;
		this.trust = trust;
		this.exportProblem = exportProblem;
	}

	/**
	 * Reports all certificates.
	 * @return their reports by name
	 */
	@ReadOperation
	public CertificatesDescriptor certificates() {
		Map<String, CertificateDescriptor> certificates = new TreeMap<>();
		this.managers.forEach((manager) -> certificates.put(manager.name(), describe(manager)));
		return new CertificatesDescriptor(certificates);
	}

	/**
	 * Reports one certificate.
	 * @param name its name
	 * @return its report, {@code null} if there is no certificate of this name
	 */
	@ReadOperation
	public @Nullable CertificateDescriptor certificate(@Selector String name) {
		return this.managers.find(name).map(this::describe).orElse(null);
	}

	/**
	 * Reports the peers of one certificate. In HTTP, they have a path of their own.
	 * @param name its name
	 * @return the peers, {@code null} if there is no certificate of this name
	 */
	public @Nullable PeersDescriptor peers(@Selector String name) {
		return this.managers.find(name).map((manager) -> new PeersDescriptor(this.peers.apply(name))).orElse(null);
	}

	/**
	 * Begins to rotate one certificate, or joins the rotation in progress. Does not wait
	 * for its end. Not an operation by itself, because HTTP requires a body and JMX does
	 * not.
	 * @param name its name
	 * @return its current report, {@code null} if there is no certificate of this name
	 * @throws RotationThrottledException if it is too early for another rotation
	 * @throws InvalidEndpointRequestException if rotation is off
	 */
	public @Nullable CertificateDescriptor rotate(@Selector String name) {
		CertificateManager manager = this.managers.find(name).orElse(null);
		if (manager == null) {
			return null;
		}
		requireBegun(name, manager.rotate());
		return describe(manager);
	}

	private CertificateDescriptor describe(CertificateManager manager) {
		return CertificateDescriptor.of(manager.status(), this.trust.apply(manager.name()),
				this.exportProblem.apply(manager.name()));
	}

	private static void requireBegun(String name, CompletableFuture<CertificatePair> rotation) {
		Throwable failure = rotation.isDone() ? rotation.handle((pair, ex) -> ex).join() : null;
		if (failure instanceof CancellationException) {
			throw new InvalidEndpointRequestException("Certificate '" + name + "' is not rotated",
					"Rotation of certificate '%s' is off ('rotate-certificates', or the kubelet's configuration file), or has been stopped: replace the stored pair"
						.formatted(name));
		}
		if (failure instanceof RotationThrottledException throttled) {
			throw throttled;
		}
	}

	/**
	 * The report of all certificates.
	 *
	 * @param certificates the reports by name
	 */
	public record CertificatesDescriptor(
			Map<String, CertificateDescriptor> certificates) implements OperationResponseBody {
	}

	/**
	 * The report of one certificate, as the endpoint shows it.
	 *
	 * @param state its state
	 * @param current the certificate, {@code null} if there is none yet
	 * @param template what is asked for, {@code null} if it is not known yet
	 * @param rotationWindow the time in which its rotation falls, {@code null} if none
	 * does
	 * @param nextRotationDeadline when the next rotation is due
	 * @param rotations how many certificates were obtained since the start
	 * @param lastRotation when the last one was obtained
	 * @param lastFailure the last failed attempt since then
	 * @param pendingRequest the request that waits for its certificate
	 * @param waitingFor what has to become known first, such as the addresses of a node
	 * @param serverHealthy whether the API server answered, {@code null} before the first
	 * call
	 * @param stuckSince since when a step of the rotation has not returned
	 * @param storeProblem why the current pair is not stored, nor the stored one used
	 * @param exportProblem why the exported files are not current
	 * @param trust what the SSL bundle trusts, {@code null} if it is not known
	 * @param history the last 20 rotations and failed attempts, the latest one first
	 */
	public record CertificateDescriptor(CertificateStatus.State state, @Nullable Current current,
			@Nullable Template template, CertificateStatus.@Nullable Window rotationWindow,
			@Nullable Instant nextRotationDeadline, long rotations, @Nullable Instant lastRotation,
			@Nullable LastFailure lastFailure, @Nullable PendingRequest pendingRequest, @Nullable String waitingFor,
			@Nullable Boolean serverHealthy, @Nullable Instant stuckSince, @Nullable String storeProblem,
			@Nullable String exportProblem, @Nullable TrustDescriptor trust,
			List<Outcome> history) implements OperationResponseBody {

		static CertificateDescriptor of(CertificateStatus status, @Nullable LiveTrust trust,
				@Nullable String exportProblem) {
			CertificatePair pair = status.pair();
			CertificateStatus.Failure failure = status.lastFailure();
			CertificateStatus.Health health = status.health();
			CertificateStatus.ConfirmedRequest pending = status.pendingRequest();
			return new CertificateDescriptor(status.state(), (pair != null) ? Current.of(pair) : null,
					Template.of(status.requested()), status.schedule().window(), status.schedule().deadline(),
					status.rotations().count(), status.rotations().last(),
					(failure != null) ? new LastFailure(failure.at(), failure.reason(), failure.message(),
							failure.attempt(), failure.nextAttempt()) : null,
					(pending != null) ? PendingRequest.of(pending) : null, health.waitingFor(), health.serverHealthy(),
					health.stuckSince(), health.storeProblem(), exportProblem,
					(trust != null) ? TrustDescriptor.of(trust) : null,
					status.rotations().history().stream().map(Outcome::of).toList());
		}

		/**
		 * The current certificate.
		 *
		 * @param subject the subject, as RFC 2253 text
		 * @param issuer the issuer, as RFC 2253 text
		 * @param serialNumber the serial number in hexadecimal
		 * @param notBefore the start of its validity
		 * @param notAfter the end of its validity
		 * @param dnsNames its DNS names, none if they cannot be read
		 * @param ipAddresses its IP addresses, none if they cannot be read
		 * @param uris its URIs, none if they cannot be read
		 * @param emailAddresses its e-mail addresses, none if they cannot be read
		 * @param keyAlgorithm the kind of its key, such as {@code EC P-256}
		 * @param fingerprint its SHA-256 digest
		 */
		public record Current(String subject, String issuer, String serialNumber, Instant notBefore, Instant notAfter,
				List<String> dnsNames, List<String> ipAddresses, List<String> uris, List<String> emailAddresses,
				String keyAlgorithm, String fingerprint) {

			static Current of(CertificatePair pair) {
				AlternativeNames names = AlternativeNames.of(pair.leaf());
				return new Current(ExternalText.subject(pair.leaf()), ExternalText.issuer(pair.leaf()),
						pair.serialNumber(), pair.notBefore(), pair.notAfter(), names.dnsNames(), names.ipAddresses(),
						names.uris(), names.emailAddresses(), KeySpecification.describe(pair.leaf().getPublicKey()),
						pair.fingerprint());
			}

		}

		/**
		 * What is asked for.
		 *
		 * @param commonName the subject's common name
		 * @param organizations the subject's organizations
		 * @param dnsNames the DNS names
		 * @param ipAddresses the IP addresses
		 * @param uris the URIs
		 * @param emailAddresses the e-mail addresses
		 * @param signerName the signer
		 * @param usages the usages
		 * @param requestedLifetime how long it is to be valid, as ISO 8601 text
		 */
		public record Template(@Nullable String commonName, List<String> organizations, List<String> dnsNames,
				List<String> ipAddresses, List<String> uris, List<String> emailAddresses, String signerName,
				List<String> usages, @Nullable String requestedLifetime) {

			static @Nullable Template of(CertificateStatus.Requested requested) {
				CertificateTemplate template = requested.template();
				return (template != null) ? new Template(template.commonName(), template.organizations(),
						template.dnsNames(), AlternativeNames.text(template.ipAddresses()), template.uris(),
						template.emailAddresses(), requested.signerName(),
						requested.usages().stream().map(Usage::value).toList(),
						(requested.lifetime() != null) ? requested.lifetime().toString() : null) : null;
			}

		}

		/**
		 * A failed attempt.
		 *
		 * @param at when it failed
		 * @param reason why, in one word
		 * @param message why, for people
		 * @param attempt how many attempts have failed in a row
		 * @param nextAttempt when the next one begins; it is in progress if that is past
		 */
		public record LastFailure(Instant at, String reason, String message, int attempt, Instant nextAttempt) {
		}

		/**
		 * A request that waits for its certificate.
		 *
		 * @param name the object's name
		 * @param namespace the object's namespace, {@code null} if it has none
		 * @param createdAt when it was created
		 * @param conditions the types of its conditions that are true
		 * @param message what the issuer says about it, {@code null} if it says nothing
		 */
		public record PendingRequest(@Nullable String name, @Nullable String namespace, @Nullable Instant createdAt,
				List<String> conditions, @Nullable String message) {

			static PendingRequest of(CertificateStatus.ConfirmedRequest pending) {
				return new PendingRequest(pending.name(), pending.namespace().isEmpty() ? null : pending.namespace(),
						pending.createdAt(), pending.conditions(),
						pending.message().isEmpty() ? null : pending.message());
			}

		}

	}

}
