package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;

import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trusts the authorities that the kubeconfig, or what the pod was given, names for the
 * server at each handshake: a client goes on when the cluster has another authority. The
 * client library reads them once.
 * <p>
 * What cannot be read changes nothing, nor does a kubeconfig that names no authority any
 * more, or whose current context has become one of another server.
 */
final class ClusterTrust implements X509TrustManager {

	private static final Logger logger = LoggerFactory.getLogger(ClusterTrust.class);

	private final @Nullable Path kubeconfig;

	private final @Nullable String context;

	private volatile Trust trust;

	private ClusterTrust(@Nullable Path kubeconfig, @Nullable String context) {
		this.kubeconfig = kubeconfig;
		this.context = context;
		ClusterAuthorities authorities = ClusterAuthorities.read(kubeconfig, context);
		this.trust = new Trust(authorities, manager(authorities.certificates()));
	}

	/**
	 * Have a client follow the authorities; not one that is to trust everybody.
	 * @param kubeconfig the kubeconfig, as for
	 * {@link ClusterAuthorities#read(Path, String)}
	 * @param context the context of the kubeconfig
	 */
	static void follow(ApiClient client, @Nullable Path kubeconfig, @Nullable String context) {
		if (!client.isVerifyingSsl()) {
			return;
		}
		ClusterTrust trust = new ClusterTrust(kubeconfig, context);
		try {
			SSLContext tls = SSLContext.getInstance("TLS");
			tls.init(client.getKeyManagers(), new TrustManager[] { trust }, null);
			client.setHttpClient(
					client.getHttpClient().newBuilder().sslSocketFactory(tls.getSocketFactory(), trust).build());
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JDK has no TLS", ex);
		}
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		latest().manager.checkServerTrusted(chain, authType);
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		this.trust.manager.checkClientTrusted(chain, authType);
	}

	@Override
	public X509Certificate[] getAcceptedIssuers() {
		return this.trust.manager.getAcceptedIssuers();
	}

	private Trust latest() {
		Trust trust = this.trust;
		try {
			ClusterAuthorities authorities = ClusterAuthorities.read(this.kubeconfig, this.context);
			if (authorities.certificates().equals(trust.authorities.certificates())
					|| !Objects.equals(authorities.server(), trust.authorities.server())) {
				return trust;
			}
			trust = follow(authorities, trust);
			this.trust = trust;
		}
		catch (RuntimeException ex) {
			logger.warn("{}; the API client still trusts the certificate authorities of before", ex.getMessage());
		}
		return trust;
	}

	/** A client that is running is not to trust more than it did. */
	private static Trust follow(ClusterAuthorities authorities, Trust before) {
		if (authorities.certificates().isEmpty()) {
			logger.warn("{} names no certificate authority any more; the API client still trusts those of before",
					authorities.files());
			return new Trust(authorities, before.manager);
		}
		logger.info("The API client follows the certificate authorities in {}, which have changed: there are {} now",
				authorities.files(), authorities.certificates().size());
		return new Trust(authorities, manager(authorities.certificates()));
	}

	/** Where none is named, the library trusts whom the JDK trusts. */
	private static X509TrustManager manager(List<X509Certificate> authorities) {
		try {
			TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			factory.init(authorities.isEmpty() ? null : store(authorities));
			return (X509TrustManager) factory.getTrustManagers()[0];
		}
		catch (GeneralSecurityException | IOException ex) {
			throw new IllegalStateException("There is no way to check trust: " + ex.getMessage(), ex);
		}
	}

	private static KeyStore store(List<X509Certificate> authorities) throws GeneralSecurityException, IOException {
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(null, null);
		for (int i = 0; i < authorities.size(); i++) {
			store.setCertificateEntry("authority-" + i, authorities.get(i));
		}
		return store;
	}

	private record Trust(ClusterAuthorities authorities, X509TrustManager manager) {

	}

}
