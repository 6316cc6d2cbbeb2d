package io.kubelet.cert.certificate;

import java.security.PublicKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A usage that a certificate is requested for, with its name in the Kubernetes API
 * ({@code certificates.k8s.io/v1}, {@code KeyUsage}).
 */
public enum Usage {

	SIGNING("signing", 0), DIGITAL_SIGNATURE("digital signature", 0), CONTENT_COMMITMENT("content commitment", 1),
	KEY_ENCIPHERMENT("key encipherment", 2), DATA_ENCIPHERMENT("data encipherment", 3),
	KEY_AGREEMENT("key agreement", 4), CERT_SIGN("cert sign", 5), CRL_SIGN("crl sign", 6),
	ENCIPHER_ONLY("encipher only", 7), DECIPHER_ONLY("decipher only", 8), ANY("any", "2.5.29.37.0"),
	SERVER_AUTH("server auth", "1.3.6.1.5.5.7.3.1"), CLIENT_AUTH("client auth", "1.3.6.1.5.5.7.3.2"),
	CODE_SIGNING("code signing", "1.3.6.1.5.5.7.3.3"), EMAIL_PROTECTION("email protection", "1.3.6.1.5.5.7.3.4"),
	S_MIME("s/mime", "1.3.6.1.5.5.7.3.4"), IPSEC_END_SYSTEM("ipsec end system", "1.3.6.1.5.5.7.3.5"),
	IPSEC_TUNNEL("ipsec tunnel", "1.3.6.1.5.5.7.3.6"), IPSEC_USER("ipsec user", "1.3.6.1.5.5.7.3.7"),
	TIMESTAMPING("timestamping", "1.3.6.1.5.5.7.3.8"), OCSP_SIGNING("ocsp signing", "1.3.6.1.5.5.7.3.9"),
	MICROSOFT_SGC("microsoft sgc", "1.3.6.1.4.1.311.10.3.3"), NETSCAPE_SGC("netscape sgc", "2.16.840.1.113730.4.1");

	/** The object identifiers of the extensions. */
	private static final String KEY_USAGE = "2.5.29.15";

	private static final String EXTENDED_KEY_USAGE = "2.5.29.37";

	private final String value;

	private final int keyUsageBit;

	private final @Nullable String extendedKeyUsage;

	Usage(String value, int keyUsageBit) {
		this.value = value;
		this.keyUsageBit = keyUsageBit;
		this.extendedKeyUsage = null;
	}

	Usage(String value, String extendedKeyUsage) {
		this.value = value;
		this.keyUsageBit = -1;
		this.extendedKeyUsage = extendedKeyUsage;
	}

	/**
	 * Returns the name of this usage in the Kubernetes API, such as {@code client auth}.
	 * @return the name
	 */
	public String value() {
		return this.value;
	}

	/**
	 * Returns the usage with this name in the Kubernetes API.
	 * @param value the name, such as {@code client auth}
	 * @return the usage
	 * @throws IllegalArgumentException if the API has no such usage
	 */
	public static Usage of(String value) {
		return Arrays.stream(values())
			.filter((usage) -> usage.value.equals(value))
			.findFirst()
			.orElseThrow(() -> new IllegalArgumentException(
					"Unknown usage '" + value + "': use one of " + Arrays.stream(values()).map(Usage::value).toList()));
	}

	/**
	 * Returns the usages to request if none are configured: digital signature, key
	 * encipherment for RSA keys only, and server auth or client auth. Kubernetes' own
	 * signers determine which one. Other signers are asked for server auth if the
	 * certificate has DNS names or IP addresses that a client could verify, for both if
	 * it states nothing but URIs, as that of a workload does, and otherwise for client
	 * auth. With DNS names, no signer is asked for both, because a signer of serving
	 * certificates may reject client auth.
	 * @param signer the signer
	 * @param template the template
	 * @param key the public key
	 * @return the usages in the order in which the kubelet sends them
	 */
	public static List<Usage> defaults(Signer signer, CertificateTemplate template, PublicKey key) {
		Stream<Usage> ofKey = (key instanceof RSAKey) ? Stream.of(DIGITAL_SIGNATURE, KEY_ENCIPHERMENT)
				: Stream.of(DIGITAL_SIGNATURE);
		return Stream.concat(ofKey, purposes(signer, template).stream()).toList();
	}

	/**
	 * Returns those of the usages that are requested by default which say what the
	 * certificate is for.
	 * @param signer the signer
	 * @param template the template
	 * @return server auth, client auth or both
	 */
	public static List<Usage> purposes(Signer signer, CertificateTemplate template) {
		boolean named = !template.dnsNames().isEmpty() || !template.ipAddresses().isEmpty();
		boolean workload = !named && template.commonName() == null && !template.uris().isEmpty();
		return switch (signer.toString()) {
			case "kubernetes.io/kubelet-serving" -> List.of(SERVER_AUTH);
			case "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet" ->
				List.of(CLIENT_AUTH);
			default ->
				named ? List.of(SERVER_AUTH) : workload ? List.of(SERVER_AUTH, CLIENT_AUTH) : List.of(CLIENT_AUTH);
		};
	}

	/**
	 * Whether a certificate with these usages does not allow this one, which is an
	 * extended key usage. One without any extended key usage allows all of them.
	 * @param usages the usages
	 * @return {@code true} if it does not
	 */
	public boolean isExcludedBy(Collection<Usage> usages) {
		return !usages.contains(this) && !usages.contains(ANY)
				&& usages.stream().anyMatch((usage) -> usage.extendedKeyUsage != null);
	}

	/**
	 * Whether a certificate allows this usage, by its key usage and extended key usage
	 * extensions (RFC 5280, 4.2.1.3 and 4.2.1.12). A certificate without the extension is
	 * not restricted. One that the JDK cannot read allows nothing.
	 * @param certificate the certificate
	 * @return {@code true} if it does
	 */
	public boolean isCarriedBy(X509Certificate certificate) {
		if (this.extendedKeyUsage == null) {
			boolean[] bits = certificate.getKeyUsage();
			return (bits != null) ? bits[this.keyUsageBit] : certificate.getExtensionValue(KEY_USAGE) == null;
		}
		try {
			List<String> purposes = certificate.getExtendedKeyUsage();
			return (purposes != null) ? purposes.contains(this.extendedKeyUsage) || purposes.contains("2.5.29.37.0")
					: certificate.getExtensionValue(EXTENDED_KEY_USAGE) == null;
		}
		catch (CertificateParsingException ex) {
			return false;
		}
	}

	@Override
	public String toString() {
		return this.value;
	}

}
