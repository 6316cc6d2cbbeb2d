package io.kubelet.cert.kubernetes;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Objects;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.FollowedTrust;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/**
 * Lets an API client trust, at each handshake, the authorities that the kubeconfig or the
 * service account names at that time, so that the client keeps working when the cluster
 * gets another authority. The client library reads them once.
 * <p>
 * Whatever cannot be read changes nothing. The same applies to a kubeconfig that no
 * longer names an authority, and to one whose current context names another server: a
 * running client must not trust more than it did.
 */
final class ClusterTrust {

	private ClusterTrust() {
	}

	/**
	 * Lets a client follow the authorities.
	 * @param client the client in the making
	 * @param keys present the client certificate, {@code null} for none
	 * @param kubeconfig the kubeconfig, as for
	 * {@link ClusterAuthorities#read(Path, String)}
	 * @param context the context of the kubeconfig
	 */
	static void follow(OkHttpClient.Builder client, KeyManager @Nullable [] keys, @Nullable Path kubeconfig,
			@Nullable String context) {
		ClusterAuthorities first = ClusterAuthorities.read(kubeconfig, context);
		FollowedTrust trust = new FollowedTrust(
				() -> ClusterAuthorities.reading(kubeconfig, context, (latest) -> trust(latest, first)));
		trust.get();
		LiveTrustManager manager = new LiveTrustManager(trust);
		try {
			SSLContext tls = SSLContext.getInstance("TLS");
			tls.init(keys, new TrustManager[] { manager }, null);
			client.sslSocketFactory(tls.getSocketFactory(), manager);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JDK has no TLS", ex);
		}
	}

	/**
	 * Where no authority has ever been named, those of the JDK are trusted, as by
	 * kubectl.
	 */
	private static Trust trust(ClusterAuthorities latest, ClusterAuthorities first) {
		if (!Objects.equals(latest.server(), first.server())) {
			throw new KubernetesConfigurationException(
					latest.files().get(0) + " no longer names the API server " + first.server());
		}
		if (!latest.certificates().isEmpty()) {
			return Trust.exactly(latest.certificates());
		}
		if (!first.certificates().isEmpty()) {
			throw new KubernetesConfigurationException(
					latest.files().get(0) + " names no certificate authority any more");
		}
		return Trust.system();
	}

}
