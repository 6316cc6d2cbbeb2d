package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.util.List;

import io.kubelet.cert.autoconfigure.CertificateProperties.Profile;
import io.kubelet.cert.autoconfigure.CertificateProperties.AddressSourceKind;
import org.jspecify.annotations.Nullable;

/**
 * What is meant where the properties of a certificate say nothing, as its profile and the
 * kubelet's configuration file have it (contract row C26).
 *
 * @param signerName the signer
 * @param commonName the common name of the subject
 * @param organizations the organizations of the subject
 * @param addresses where the addresses are from
 * @param rotates whether the certificate rotates
 * @param tlsCertFile file with a certificate
 * @param tlsPrivateKeyFile file with its key
 */
record ProfileDefaults(String signerName, @Nullable String commonName, List<String> organizations,
		AddressSourceKind addresses, boolean rotates, @Nullable Path tlsCertFile, @Nullable Path tlsPrivateKeyFile) {

	/** The defaults of a certificate that has no profile. */
	static final ProfileDefaults NONE = new ProfileDefaults(Profile.KUBELET_CLIENT.signerName(), null, List.of(),
			AddressSourceKind.FIXED, true, null, null);

	static ProfileDefaults of(Profile profile, String nodeName, @Nullable KubeletConfiguration file) {
		boolean serving = profile == Profile.KUBELET_SERVING;
		boolean rotates = file == null || (serving ? file.serverTlsBootstrap() : file.rotateCertificates());
		return new ProfileDefaults(profile.signerName(), "system:node:" + nodeName, List.of("system:nodes"),
				serving ? AddressSourceKind.NODE : AddressSourceKind.FIXED, rotates,
				(serving && file != null) ? file.tlsCertFile() : null,
				(serving && file != null) ? file.tlsPrivateKeyFile() : null);
	}

}
