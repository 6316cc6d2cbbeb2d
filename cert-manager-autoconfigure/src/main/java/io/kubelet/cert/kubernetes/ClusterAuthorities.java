package io.kubelet.cert.kubernetes;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.TrustSource;
import org.jspecify.annotations.Nullable;

/**
 * The certificate authorities of the cluster: those that the kubeconfig names, or in a
 * pod those of its service account.
 */
public final class ClusterAuthorities {

	private ClusterAuthorities() {
	}

	/**
	 * Returns a source of trust in exactly the authorities of the cluster.
	 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 * @return the source, empty if no API server is configured in any place
	 */
	public static Optional<TrustSource> source(@Nullable Path kubeconfig, @Nullable String context) {
		return Kubeconfigs.isConfigured(kubeconfig)
				? Optional.of(() -> reading(kubeconfig, context, (file, authorities) -> Trust.exactly(authorities)))
				: Optional.empty();
	}

	/**
	 * Returns the trust of a client: the authorities that are named at each handshake, so
	 * that the client continues to work when the cluster gets another authority. If the
	 * authorities cannot be read, are no longer named, or are those of another server,
	 * the last ones remain, because a running client must not trust more than before. If
	 * none has ever been named, the client trusts those of the JDK, as kubectl does.
	 */
	static LiveTrust ofClient(@Nullable Path kubeconfig, @Nullable String context) {
		KubeconfigFile first = Kubeconfigs.read(kubeconfig, context);
		boolean named = !first.authorities().isEmpty();
		LiveTrust trust = new LiveTrust(() -> reading(kubeconfig, context, (latest, authorities) -> {
			if (!latest.server().equals(first.server())) {
				throw new KubernetesConfigurationException(
						latest.file() + " no longer names the API server " + first.server());
			}
			if (authorities.isEmpty() && named) {
				throw new KubernetesConfigurationException(latest.file() + " no longer names a certificate authority");
			}
			return authorities.isEmpty() ? Trust.system() : Trust.exactly(authorities);
		}));
		trust.get();
		return trust;
	}

	/** The files are known only after a first reading. */
	private static TrustSource.Reading reading(@Nullable Path kubeconfig, @Nullable String context,
			BiFunction<KubeconfigFile, List<X509Certificate>, Trust> trust) {
		Object version = TrustSource.Reading.versionOf(Kubeconfigs.read(kubeconfig, context).authorityFiles());
		KubeconfigFile file = Kubeconfigs.read(kubeconfig, context);
		return TrustSource.Reading.of(file.authorityFiles(), version, trust.apply(file, file.authorities()));
	}

}
