package io.kubelet.cert.test;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.List;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * Makes certificate signing requests for tests.
 *
 * @param key the key to be certified
 * @param body the request to be posted
 */
public record Csr(KeyPair key, JsonObject body) {

	public static Csr kubeletClient(String node) {
		return of("O=system:nodes,CN=system:node:" + node, Signer.KUBELET_CLIENT,
				List.of("digital signature", "client auth"));
	}

	public static Csr serving(String node, String... dnsNames) {
		return of("O=system:nodes,CN=system:node:" + node, Signer.KUBELET_SERVING,
				List.of("digital signature", "server auth"), dnsNames);
	}

	public static Csr of(String subject, String signerName, List<String> usages, String... dnsNames) {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
			generator.initialize(256);
			KeyPair key = generator.generateKeyPair();
			PKCS10CertificationRequestBuilder builder = new JcaPKCS10CertificationRequestBuilder(new X500Name(subject),
					key.getPublic());
			if (dnsNames.length > 0) {
				ExtensionsGenerator extensions = new ExtensionsGenerator();
				GeneralName[] names = new GeneralName[dnsNames.length];
				for (int i = 0; i < names.length; i++) {
					names[i] = new GeneralName(GeneralName.dNSName, dnsNames[i]);
				}
				extensions.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
				builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
			}
			byte[] der = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate()))
				.getEncoded();
			JsonObject body = Json.object("apiVersion", "certificates.k8s.io/v1", "kind", "CertificateSigningRequest",
					"metadata", Json.object("generateName", "csr-"), "spec",
					Json.object("request", Pem.encode(Pem.write("CERTIFICATE REQUEST", der)), "signerName", signerName,
							"usages", usages));
			return new Csr(key, body);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

}
