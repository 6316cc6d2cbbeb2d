package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Which values are refused: the report names the property that has the value, the value
 * and what to do.
 *
 * @see Valid
 * @see PropertyNames
 * @see SslProperties
 */
class SettingsMistakesTests {

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|',
			textBlock = """
					requested-lifetime=599          | requested-lifetime with value 'PT9M59S' is invalid: The API server accepts lifetimes from 10 minutes
					requested-lifetime=36500d       | requested-lifetime with value 'PT876000H' is invalid: The API server accepts lifetimes from 10 minutes to 24855 days
					key.size=224                    | key.size with value '224' is invalid: Key size 224 is not supported: EC keys have 256, 384 or 521 bits
					key.algorithm=rsa;key.size=1024 | key.size with value '1024' is invalid: Key size 1024 is not supported: RSA keys have 2048 to 8192 bits
					additional.b.key.size=1024      | additional.b.key.size with value '1024' is invalid: Key size 1024 is not supported
					usages=client auth,no such usage | usages with value '[client auth, no such usage]' is invalid: Unknown usage 'no such usage'
					template.ip-addresses=300.1.1.1 | template.ip-addresses with value '[300.1.1.1]' is invalid: '300.1.1.1' is not an IP address
					template.dns-names=https://a.b  | template.dns-names with value '[https://a.b]' is invalid: 'https://a.b' is not a DNS name: set it to host names, separated by commas, such as shop.example.com
					template.uris=example.org/ns/shop/sa/shop       | template.uris with value '[example.org/ns/shop/sa/shop]' is invalid: 'example.org/ns/shop/sa/shop' is not a whole URI: set it to one such as spiffe://example.org/ns/shop/sa/shop
					additional.b.template.uris=urn:a,spiffe://a/b c | additional.b.template.uris with value '[urn:a, spiffe://a/b c]' is invalid: 'spiffe://a/b c' is not a whole URI
					template.dns-names=\u0161koda.example.com | template.dns-names with value '[\u0161koda.example.com]' is invalid: '\u0161koda.example.com' has characters that a certificate cannot contain: write it in ASCII, a host name in its form with 'xn--'
					template.uris=https://m\u00fcller.example.com/ | template.uris with value '[https://m\u00fcller.example.com/]' is invalid: 'https://m\u00fcller.example.com/' has characters
					template.email-addresses=a@m\u00fcller.example.com | template.email-addresses with value '[a@m\u00fcller.example.com]' is invalid: 'a@m\u00fcller.example.com' has characters
					template.dns-names=a,10.0.0.7   | template.dns-names with value '[a, 10.0.0.7]' is invalid: '10.0.0.7' is an IP address, which clients look for in 'kubelet.cert.template.ip-addresses': set it there
					template.dns-names=a b          | template.dns-names with value '[a b]' is invalid: 'a b' is not a DNS name
					template.dns-names[0]=;template.dns-names[1]=a  | template.dns-names[0] with value '' is invalid: It is blank, as from an environment variable without a value: set it, or remove the property
					additional.b.template.uris[0]=${absent:}        | additional.b.template.uris[0] with value '' is invalid: It is blank
					template.dns-names=a, ,b                        | template.dns-names with value 'a, ,b' is invalid: An element of the list is empty
					template.uris=spiffe://a/b,${absent:}           | template.uris with value 'spiffe://a/b,${absent:}' is invalid: An element of the list is empty
					template.email-addresses=a@b,                   | template.email-addresses with value 'a@b,' is invalid: An element of the list is empty
					additional.b.template.organizations=,           | additional.b.template.organizations with value ',' is invalid: An element of the list is empty
					pair-name=shop/a                | pair-name with value 'shop/a' is invalid: It is the beginning of the names of files: set it to a name without '/'
					additional[a/b].signer-name=a.b/c               | additional[a/b].pair-name with value 'a/b' is invalid: It is the beginning of the names of files
					rotation.earliest=0             | rotation.earliest with value '0.0' is invalid: The earliest fraction must be above 0 and at most the latest one
					rotation.earliest=0.95          | rotation.earliest with value '0.95' is invalid: The earliest fraction must be above 0 and at most the latest one
					rotation.latest=0.6             | rotation.latest with value '0.6' is invalid: The earliest fraction must be above 0 and at most the latest one
					rotation.earliest=0.5;additional.b.rotation.latest=0.4 | rotation.earliest with value '0.5' is invalid: The earliest fraction must be above 0 and at most the latest one
					signer-name=no-slash            | signer-name with value 'no-slash' is invalid: A signer name is a lower-case domain, a slash and a path, such as kubernetes.io/kubelet-serving
					requested-lifetime=0s           | requested-lifetime with value 'PT0S' is invalid: The duration must be positive: for example, set it to 60s
					rotation.retry.multiplier=0.5   | rotation.retry.multiplier with value '0.5' is invalid: It is too small: set it to 1 or more
					rotation.retry.jitter=10        | rotation.retry.jitter with value '10.0' is invalid: It is no fraction: set it to a value from 0 to 1
					additional.b.startup.timeout=-1 | additional.b.startup.timeout with value 'PT-1S' is invalid: The duration must be positive
					profile=kubelet-client;node-name=Node_1 | node-name with value 'Node_1' is invalid: 'node_1' is not a valid node name: set it to the name that 'kubectl get nodes' shows
					issuer.name=Internal/ca                        | issuer.name with value 'Internal/ca' is invalid: It is not a name in Kubernetes: use lower-case letters, digits, '-' and '.'
					issuer.name=internal;issuer.kind=clusterissuer | issuer.kind with value 'clusterissuer' is invalid: It is not a kind such as Issuer or ClusterIssuer
					ssl.options.enabled-protocols=TLSv1.3,TLSv1.4   | ssl.options.enabled-protocols with value '[TLSv1.3, TLSv1.4]' is invalid: The JVM does not support 'TLSv1.4': use some of [TLSv1.3, TLSv1.2,
					additional.b.ssl.options.ciphers=HIGH           | additional.b.ssl.options.ciphers with value '[HIGH]' is invalid: The JVM does not support 'HIGH': use some of [TLS_AES_256_GCM_SHA384,
					ssl.options.ciphers=                            | ssl.options.ciphers with value '' is invalid: It is blank
					ssl.drain=-1s                                  | ssl.drain with value 'PT-1S' is invalid: The duration must not be negative: set it to 0s or more
					store.type=secret;store.secret=a/b/c           | store.secret with value 'a/b/c' is invalid: It is not the name of a Secret
					cert-dir=/etc/hosts             | cert-dir with value '/etc/hosts' is invalid: It is a file, or a link to nothing: set it to a directory
					tls-cert-file=/etc/hosts        | tls-private-key-file with value 'null' is invalid: There is no private key in '/etc/hosts': set this property to the file with the key
					tls-private-key-file=/tmp/a.pem | tls-cert-file with value 'null' is invalid: Set it to the file with the certificate, which may hold the key as well
					profile=kubelet-client;node-name=       | node-name with value '' is invalid: It is blank, as from an environment variable without a value: set it, or remove the property
					ssl.trust-file=${absent:}               | ssl.trust-file with value '' is invalid: It is blank
					ssl.trust=                              | ssl.trust with value '' is invalid: It is blank
					ssl.trust-config-map=                   | ssl.trust-config-map with value '' is invalid: It is blank
					ssl.trust-bundle.name=                  | ssl.trust-bundle.name with value '' is invalid: It is blank
					ssl.trust-bundle.signer-name=           | ssl.trust-bundle.signer-name with value '' is invalid: It is blank
					ssl.trust-file=/ca;additional.b.ssl.trust-file=${absent:} | additional.b.ssl.trust-file with value '' is invalid: It is blank
					signer-ca-file=                         | signer-ca-file with value '' is invalid: It is blank
					signer-name=example.com/a;issuer.namespace=shop | issuer.name with value 'null' is invalid: The namespace or the annotations of an issuer are set: set its name, or remove them
					issuer.name=internal;signer-name=example.com/a | issuer.name with value 'internal' is invalid: There is 'kubelet.cert.signer-name' or 'kubelet.cert.profile' as well: remove one of them
					issuer.name=internal;profile=kubelet-serving   | issuer.name with value 'internal' is invalid: There is 'kubelet.cert.signer-name' or 'kubelet.cert.profile' as well
					ssl.trust=issuer                               | ssl.trust with value 'issuer' is invalid: A signer returns no authority, and certificate 'kubelet-client' has no issuer: set 'kubelet.cert.issuer.name', or
					ssl.trust=issuer;issuer.name=a;additional.b.signer-name=b.c/d | ssl.trust with value 'issuer' is invalid: A signer returns no authority, and certificate 'b' has no issuer: set 'kubelet.cert.additional.b.issuer.name', or name the authorities otherwise, such as with 'kubelet.cert.additional.b.ssl.trust-config-map' or 'kubelet.cert.additional.b.ssl.trust'
					ssl.trust-bundle.label-selector=a=b            | ssl.trust-bundle.label-selector with value 'a=b' is invalid: It selects among the ClusterTrustBundles of a signer: set 'kubelet.cert.ssl.trust-bundle.signer-name' as well
					ssl.trust=issuer,cluster                       | ssl.trust with value 'issuer' is invalid: A signer returns no authority
					ssl.trust=system,,cluster                      | ssl.trust with value 'system,,cluster' is invalid: An element of the list is empty, as from a placeholder without a value: remove it, or set it
					ssl.trust[0]=system;ssl.trust[1]=${absent:}    | ssl.trust[1] with value '' is invalid: It is blank
					ssl.trust[0]=;ssl.trust[1]=system              | ssl.trust[0] with value '' is invalid: It is blank
					ssl.trust=system;additional.b.ssl.trust[0]=cluster;additional.b.ssl.trust[1]= | additional.b.ssl.trust[1] with value '' is invalid: It is blank
					ssl.trust-bundle.name=a;ssl.trust-bundle.label-selector=a=b | ssl.trust-bundle.label-selector with value 'a=b' is invalid: It selects among the ClusterTrustBundles of a signer
					export.mode=0640                               | export.directory with value 'null' is invalid: 'kubelet.cert.export.mode' is set: set the directory as well, or remove that property
					additional.b.export.formats=pem;additional.b.signer-name=a.b/c | additional.b.export.directory with value 'null' is invalid: 'kubelet.cert.additional.b.export.formats' is set: set the directory as well
					export.password-file=/a                        | export.directory with value 'null' is invalid: 'kubelet.cert.export.password-file' is set
					export.group=tls                               | export.directory with value 'null' is invalid: 'kubelet.cert.export.group' is set
					export.directory=/tls;export.mode=0644         | export.mode with value '0644' is invalid: It is not a mode for files with keys (YAML reads 0644 as the number 420): set it to 0600 or 0400
					export.directory=/tls;export.password-file=/a  | export.password-file with value '/a' is invalid: It is for key stores: add 'pkcs12' to 'kubelet.cert.export.formats', or remove this property
					export.directory=/tls;additional.b.export.directory=/tls/ | additional.b.export.directory with value '/tls' is invalid: It is also the directory of 'kubelet.cert.export.directory': name a directory for each
					cert-dir=/tls;additional.b.export.directory=/tls/ | additional.b.export.directory with value '/tls' is invalid: It is also a 'cert-dir', where these files would count as stored pairs: name another directory, such as one inside of it
					export.directory=                              | export.directory with value '' is invalid: It is blank
					export.directory=/etc/hosts                    | export.directory with value '/etc/hosts' is invalid: It is a file
					ssl.accepted-clients.uris=                     | ssl.accepted-clients.uris with value '' is invalid: It is blank
					ssl.accepted-clients.dns-names=${absent:}      | ssl.accepted-clients.dns-names with value '' is invalid: It is blank
					ssl.accepted-clients.common-names[0]=          | ssl.accepted-clients.common-names[0] with value '' is invalid: It is blank
					ssl.accepted-servers.uris[0]=spiffe://a/b;ssl.accepted-servers.uris[1]=${absent:} | ssl.accepted-servers.uris[1] with value '' is invalid: It is blank
					ssl.accepted-clients=                          | ssl.accepted-clients with value '' is invalid: It is blank
					ssl.accepted-servers=${absent:}                | ssl.accepted-servers with value '' is invalid: It is blank
					ssl.accepted-clients.dns-names=a;additional.b.ssl.accepted-clients=         | additional.b.ssl.accepted-clients with value '' is invalid: It is blank
					ssl.accepted-clients.dns-names=a;additional.b.ssl.accepted-clients.uris[0]= | additional.b.ssl.accepted-clients.uris[0] with value '' is invalid: It is blank
					ssl.accepted-servers.dns-names=10.0.0.1        | ssl.accepted-servers.dns-names with value '[10.0.0.1]' is invalid: '10.0.0.1' is no DNS name
					ssl.accepted-servers.dns-names=a,,b            | ssl.accepted-servers.dns-names with value 'a,,b' is invalid: An element of the list is empty
					ssl.accepted-servers.uris=orders               | ssl.accepted-servers.uris with value '[orders]' is invalid: 'orders' has no scheme: set it to the whole URI, such as spiffe://example.org/ns/shop/sa/shop
					ssl.accepted-clients.uris=spiffe://*/a         | ssl.accepted-clients.uris with value '[spiffe://*/a]' is invalid: 'spiffe://*/a' has a '*' that is not its end: a URI may end in '/*'
					ssl.accepted-clients.dns-names=*.shop.svc      | ssl.accepted-clients.dns-names with value '[*.shop.svc]' is invalid: '*.shop.svc' is no DNS name: set it to one such as shop.shop.svc, without a wildcard
					ssl.accepted-clients.all=false                 | ssl.accepted-clients.all with value 'false' is invalid: It has no other value than 'true': set it to that, or remove the property
					ssl.accepted-servers.by-address=               | ssl.accepted-servers.by-address with value '' is invalid: It is blank
					ssl.accepted-servers.by-address=true;ssl.accepted-servers.dns-names=a | ssl.accepted-servers.by-address with value 'true' is invalid: There are accepted names as well, which would not count
					ssl.trust=issuer,foo                           | ssl.trust with value 'foo' is invalid: It is none of cluster, system, issuer: set it to one of these
					export.directory=/tls;export.formats=pem,,bundle | export.formats with value 'pem,,bundle' is invalid: An element of the list is empty
					export.directory=/tls;export.formats=pem, ${absent:} | export.formats with value 'pem, ${absent:}' is invalid: An element of the list is empty
					export.formats=pem,jks                         | export.formats with value 'jks' is invalid: It is none of pem, pkcs12, bundle, key-der: set it to one of these
					ssl.accepted-servers=spiffe://example.org/orders | ssl.accepted-servers with value 'spiffe://example.org/orders' is invalid: It is a group, and not a property: set 'kubelet.cert.ssl.accepted-servers.uris' or 'kubelet.cert.ssl.accepted-servers.dns-names' or 'kubelet.cert.ssl.accepted-servers.by-address'
					ssl.trust-config-map=a/b/c                     | ssl.trust-config-map with value 'a/b/c' is invalid: It is not the name of a ConfigMap, optionally after its namespace and before a key
					additional.b.ssl.accepted-clients.uris=a       | additional.b.ssl.accepted-clients.uris with value '[a]' is invalid: 'a' has no scheme
					ssl.accepted-clients.uris=a;additional.b.template.common-name=b | ssl.accepted-clients.uris with value '[a]' is invalid: 'a' has no scheme
					additional.b.pair-name=kubelet-client          | additional.b.pair-name with value 'kubelet-client' is invalid: There is another certificate of this name: rename one of them
					store.type=secret;store.secret=a;additional.b.store.secret=a | additional.b.store.secret with value 'Secret a' is invalid: Another certificate is stored in it: name a Secret for each
					addresses.interfaces=eth0                      | addresses.interfaces with value '[eth0]' is invalid: They are read only if 'kubelet.cert.addresses.source' is 'interfaces' or 'pod'
					store.retain=0                                 | store.retain with value '0' is invalid: It is too small: set it to 1 or more
					store.secret=a                                 | store.secret with value 'a' is invalid: Pairs are stored in files: set 'kubelet.cert.store.type' to 'secret'
					store.type=secret                              | store.secret with value 'null' is invalid: Name the Secret, such as shop-tls
					store.type=secret;pair-name=nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn;store.secret=a | pair-name with value 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn' is invalid: The name becomes a label of the Secret: set this property to a name of at most 63 letters
					store.type=secret;pair-name=a;additional.b.store.type=secret;additional.b.pair-name=b- | additional.b.pair-name with value 'b-' is invalid: The name becomes a label of the Secret
					store.type=secret;pair-name=Shop                                         | pair-name with value 'Shop' is invalid: The Secret has the same name, which may have lower-case letters, digits, '-' and '.' only: set 'kubelet.cert.store.secret'
					store.type=secret;store.secret=a;additional.shopClient.signer-name=a.b/c | additional.shopclient.pair-name with value 'shopClient' is invalid: The Secret has the same name, which may have lower-case letters, digits, '-' and '.' only: set 'kubelet.cert.additional.shopclient.store.secret'
					store.type=secret;pair-name=a;tls-cert-file=a;tls-private-key-file=b     | tls-cert-file with value 'a' is invalid: The pair is stored in a Secret: remove this property, or set 'kubelet.cert.store.type' to 'file'
					store.type=secret;pair-name=a;template.common-name=system:node:a         | store.type with value 'secret' is invalid: Replicas cannot share this certificate, because it identifies a node or states addresses of one replica: set 'kubelet.cert.store.type' to 'file'
					store.type=secret;pair-name=a;addresses.source=pod                       | store.type with value 'secret' is invalid: Replicas cannot share this certificate, because it identifies a node or states addresses of one replica
					""")
	void valueThatCannotBeUsedIsReported(String properties, String report) {
		assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
			.isThrownBy(() -> TestSettings.of(properties))
			.withMessageStartingWith("Property kubelet.cert." + report);
	}

	/** With the text of a placeholder, and where it is: the variable may be missing. */
	@Test
	void reportOfAMissingValueNamesTheBlankOnes() {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment",
					Map.of("KUBELET_CERT_STORE_SECRET", " ", "KUBELET_CERT_CERT_DIR", "")));
		assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
			.isThrownBy(() -> TestSettings.of(environment,
					"store.type=secret;key.size=${SIZE:};template.dns-names=a;additional.b.pair-name="))
			.withMessageMatching("Property kubelet.cert.store.secret with value 'null' is invalid: "
					+ "A blank value counts as none: .*\\. Name the Secret, .*certificate")
			.withMessageContainingAll("'kubelet.cert.store.secret' (\"KUBELET_CERT_STORE_SECRET\" from property source",
					"'kubelet.cert.cert-dir' (\"KUBELET_CERT_CERT_DIR\" from property source",
					"'kubelet.cert.key.size=${SIZE:}' (\"kubelet.cert.key.size\" from property source \"test\")")
			.withMessageNotContaining("additional");
	}

	@Test
	void reportOfAnAdditionalCertificateNamesItsOwnBlanksAndThoseThatItInherits() {
		assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
			.isThrownBy(() -> TestSettings.of("signer-name=;issuer.group=;additional.b.issuer.namespace=shop",
					"additional.b.issuer.name=;additional.c.issuer.name="))
			.withMessageStartingWith(
					"Property kubelet.cert.additional.b.issuer.name with value 'null' is invalid: A blank value counts as none: "
							+ "'kubelet.cert.issuer.group' (\"kubelet.cert.issuer.group\" from property source \"test\"), "
							+ "'kubelet.cert.additional.b.issuer.name' (\"kubelet.cert.additional.b.issuer.name\" from property source \"test\"). The namespace");
	}

	/** That is why the other property has a value that cannot be used. */
	@Test
	void reportOfAnotherPropertyNamesTheBlankOneThatItNeeds() {
		assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
			.isThrownBy(() -> TestSettings.of("ssl.trust=issuer;issuer.name=;issuer.group=;signer-name=a.b/c"))
			.withMessageStartingWith(
					"Property kubelet.cert.ssl.trust with value 'issuer' is invalid: A blank value counts as none: "
							+ "'kubelet.cert.issuer.name' (\"kubelet.cert.issuer.name\" from property source \"test\"). A signer returns");
	}

	@Test
	void linkToNothingIsNoDirectory(@TempDir Path directory) throws IOException {
		Path link = Files.createSymbolicLink(directory.resolve("pki"), Path.of("nothing"));
		assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
			.isThrownBy(() -> TestSettings.of("cert-dir=" + link))
			.withMessageStartingWith(
					"Property kubelet.cert.cert-dir with value '%s' is invalid: It is a file, or a link to nothing",
					link);
		Files.createDirectory(directory.resolve("nothing"));
		assertThat(TestSettings.first("cert-dir=" + link).storage().certDir()).isEqualTo(link);
	}

}
