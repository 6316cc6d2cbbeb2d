package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Function;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import org.jspecify.annotations.Nullable;

/**
 * The certificate authorities of the cluster: what the kubeconfig names, or what the pod
 * was given, which is the cluster's ConfigMap {@code kube-root-ca.crt}.
 *
 * @param server the server whose authorities they are, {@code null} for that of the pod
 * @param files the files they were read from
 * @param certificates the authorities, empty if none are named
 */
public record ClusterAuthorities(@Nullable String server, List<Path> files, List<X509Certificate> certificates) {

	private static final String WHAT = "The cluster's certificate authority";

	/**
	 * Read the authorities.
	 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 * @return the authorities
	 * @throws KubernetesConfigurationException if they cannot be read, or there is no
	 * such context
	 */
	public static ClusterAuthorities read(@Nullable Path kubeconfig, @Nullable String context) {
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
	 * @param kubeconfig as for {@link #read(Path, String)}
	 * @param context as for {@link #read(Path, String)}
	 * @return the source
	 */
	public static TrustSource source(@Nullable Path kubeconfig, @Nullable String context) {
		return () -> reading(kubeconfig, context, (authorities) -> Trust.exactly(authorities.certificates()));
	}

	/** Only after a first reading is it known which files there are. */
	static TrustSource.Reading reading(@Nullable Path kubeconfig, @Nullable String context,
			Function<ClusterAuthorities, Trust> trust) {
		Object version = TrustSource.Reading.versionOf(read(kubeconfig, context).files());
		ClusterAuthorities authorities = read(kubeconfig, context);
		return TrustSource.Reading.of(authorities.files(), version, trust.apply(authorities));
	}

}
