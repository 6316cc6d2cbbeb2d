package io.kubelet.cert.kubernetes;

import java.nio.file.Path;

import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import org.jspecify.annotations.Nullable;

/**
 * The certificate authorities of the cluster, as a client trusts them.
 */
final class ClusterAuthorities {

	private ClusterAuthorities() {
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
		LiveTrust trust = new LiveTrust(() -> Kubeconfigs.reading(kubeconfig, context, (latest, authorities) -> {
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

}
