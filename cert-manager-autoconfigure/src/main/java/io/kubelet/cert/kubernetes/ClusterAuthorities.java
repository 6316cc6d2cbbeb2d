package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubernetes.client.util.Config;
import io.kubernetes.client.util.KubeConfig;
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
			if (kubeconfig == null && KubernetesClients.isInCluster()) {
				return Pem.readCertificates(Files.readString(Path.of(Config.SERVICEACCOUNT_ROOT, "ca.crt")));
			}
			Path file = (kubeconfig != null) ? kubeconfig : KubernetesClients.usualKubeconfig();
			KubeConfig config = KubernetesClients.load(file, context);
			if (config.getCertificateAuthorityData() != null) {
				byte[] pem = Base64.getMimeDecoder().decode(config.getCertificateAuthorityData());
				return Pem.readCertificates(new String(pem, StandardCharsets.US_ASCII));
			}
			if (config.getCertificateAuthorityFile() != null) {
				Path authorities = file.resolveSibling(config.getCertificateAuthorityFile());
				return Pem.readCertificates(Files.readString(authorities));
			}
			return List.of();
		}
		catch (IOException | MalformedPemException | IllegalArgumentException ex) {
			throw new KubernetesConfigurationException("The cluster's certificate authority cannot be read: " + ex, ex);
		}
	}

}
