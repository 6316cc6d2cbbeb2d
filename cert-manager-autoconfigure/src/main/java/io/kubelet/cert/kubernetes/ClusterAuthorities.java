package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.FollowedTrust;
import io.kubelet.cert.certificate.trust.TrustSource;
import org.jspecify.annotations.Nullable;

/**
 * The certificate authorities of the cluster: those that the kubeconfig names, or in a
 * pod those of its service account.
 *
 * @param server the server whose authorities they are, {@code null} for that of the pod
 * @param files the files that contain them
 * @param certificates the authorities, empty if none are named
 */
public record ClusterAuthorities(@Nullable String server, List<Path> files, List<X509Certificate> certificates) {

	private static final String WHAT = "The cluster's certificate authority";

	static ClusterAuthorities read(@Nullable Path kubeconfig, @Nullable String context) {
		try {
			if (kubeconfig == null && Kubeconfigs.isInCluster()) {
				Path file = Kubeconfigs.SERVICE_ACCOUNT.resolve("ca.crt");
				return new ClusterAuthorities(null, List.of(file), Pem.readCertificates(Files.readString(file)));
			}
			KubeconfigFile file = KubeconfigFile.read(Kubeconfigs.find(kubeconfig), context);
			return new ClusterAuthorities((file.cluster().get("server") instanceof String server) ? server : null,
					file.authorityFiles(), file.authorities());
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of(WHAT, "read", ex);
		}
		catch (MalformedPemException ex) {
			throw new KubernetesConfigurationException(WHAT + " cannot be read: " + ex.getMessage());
		}
	}

	/**
	 * Returns a source of trust in exactly the authorities of the cluster.
	 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 * @return the source, empty if no API server is configured in any place
	 */
	public static Optional<TrustSource> source(@Nullable Path kubeconfig, @Nullable String context) {
		return Kubeconfigs.isConfigured(kubeconfig)
				? Optional
					.of(() -> reading(kubeconfig, context, (authorities) -> Trust.exactly(authorities.certificates)))
				: Optional.empty();
	}

	/**
	 * Returns the trust of a client: the authorities that are named at each handshake, so
	 * that the client continues to work when the cluster gets another authority. If the
	 * authorities cannot be read, are no longer named, or are those of another server,
	 * the last ones remain, because a running client must not trust more than before. If
	 * none has ever been named, the client trusts those of the JDK, as kubectl does.
	 */
	static FollowedTrust ofClient(@Nullable Path kubeconfig, @Nullable String context) {
		ClusterAuthorities first = read(kubeconfig, context);
		FollowedTrust trust = new FollowedTrust(() -> reading(kubeconfig, context, (latest) -> {
			if (!Objects.equals(latest.server, first.server)) {
				throw new KubernetesConfigurationException(
						latest.files.get(0) + " no longer names the API server " + first.server);
			}
			if (latest.certificates.isEmpty() && !first.certificates.isEmpty()) {
				throw new KubernetesConfigurationException(
						latest.files.get(0) + " no longer names a certificate authority");
			}
			return latest.certificates.isEmpty() ? Trust.system() : Trust.exactly(latest.certificates);
		}));
		trust.get();
		return trust;
	}

	/** The files are known only after a first reading. */
	private static TrustSource.Reading reading(@Nullable Path kubeconfig, @Nullable String context,
			Function<ClusterAuthorities, Trust> trust) {
		Object version = TrustSource.Reading.versionOf(read(kubeconfig, context).files);
		ClusterAuthorities authorities = read(kubeconfig, context);
		return TrustSource.Reading.of(authorities.files, version, trust.apply(authorities));
	}

}
