package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import org.jspecify.annotations.Nullable;

/**
 * Finds the certificate authority of the cluster: what the kubeconfig names, or what the
 * pod was given.
 */
public final class ClusterAuthorities {

	private ClusterAuthorities() {
	}

	/**
	 * Read the authorities.
	 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 * @return the authorities, empty if none are named
	 * @throws KubernetesConfigurationException if they cannot be read
	 */
	public static List<X509Certificate> read(@Nullable Path kubeconfig, @Nullable String context) {
		try {
			if (kubeconfig == null && Kubeconfigs.isInCluster()) {
				return Pem.readCertificates(Files.readString(Kubeconfigs.SERVICE_ACCOUNT.resolve("ca.crt")));
			}
			return KubeconfigFile.read(Kubeconfigs.find(kubeconfig), context).authorities();
		}
		catch (IOException | MalformedPemException ex) {
			throw new KubernetesConfigurationException("The cluster's certificate authority cannot be read: " + ex, ex);
		}
	}

}
