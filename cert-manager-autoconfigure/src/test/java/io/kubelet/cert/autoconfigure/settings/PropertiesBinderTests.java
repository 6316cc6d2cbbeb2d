package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.addresses.AddressSourceKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Startup;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.TrustKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.engine.RotationSettings.Schedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link PropertiesBinder}: what an additional certificate inherits, and where
 * values come from.
 *
 * @see PropertiesBinder
 */
class PropertiesBinderTests {

	private static final String FIRST = """
			cert-dir=/pki;startup.mode=background;startup.timeout=30m;rotation.earliest=0.5;rotation.retry.attempts=7;\
			rotation.wait-timeout=5m;store.retain=2;key.algorithm=rsa;key.size=4096;requested-lifetime=1d;ssl.drain=5s;\
			ssl.trust-overlap=2h;ssl.trust-file=/ca.pem;ssl.bundle=first;signer-name=example.com/first;\
			signer-ca-file=/signer.pem;usages=client auth;template.common-name=first;addresses.source=pod;\
			rotate-certificates=false;tls-cert-file=/tls.crt;tls-private-key-file=/tls.key""";

	@Test
	void furtherCertificateInheritsWhatItDoesNotSet() {
		List<CertificateSettings> all = TestSettings.of(FIRST, "additional.shop-client.template.common-name=shop")
			.certificates();
		CertificateSettings first = all.get(0);
		CertificateSettings second = all.get(1);
		assertThat(second.startup()).isEqualTo(first.startup())
			.isEqualTo(new Startup(Startup.Mode.BACKGROUND, Duration.ofMinutes(30)));
		assertThat(second.rotation().schedule()).usingRecursiveComparison()
			.ignoringFields("onlyIfInvalid")
			.isEqualTo(first.rotation().schedule());
		assertThat(second.storage().certDir()).isEqualTo(Path.of("/pki"));
		assertThat(second.storage().retain()).isEqualTo(2);
		assertThat(second.request().requested().key())
			.isEqualTo(new KeySpecification(KeySpecification.Algorithm.RSA, 4096));
		assertThat(second.request().requested().lifetime()).isEqualTo(Duration.ofDays(1));
		assertThat(second.ssl()).usingRecursiveComparison().ignoringFields("bundle").isEqualTo(first.ssl());
		assertThat(second.ssl().trusted())
			.containsExactly(new Trusted(TrustKind.FILE, "ssl.trust-file", "/ca.pem", ""));
	}

	/** Then it holds for a pair that another program manages, too. */
	@ParameterizedTest
	@CsvSource({ "rotation.latest=0.9, true", "rotation.earliest=0.7, false" })
	void latestDeadlineMayBeSetToItsDefault(String properties, boolean set) {
		assertThat(TestSettings
			.of("signer-name=example.com/first;template.common-name=first;" + properties,
					"additional.second.template.common-name=second;additional.second.signer-name=example.com/second")
			.certificates()).hasSize(2)
			.allSatisfy((settings) -> assertThat(settings.rotation().schedule()).returns(set, Schedule::overdueAtLatest)
				.returns(RotationWindow.KUBELET, Schedule::window));
	}

	@Test
	void entriesOfAMapAreInheritedOneByOne() {
		List<CertificateSettings> all = TestSettings
			.of("issuer.name=first;template.common-name=first", "issuer.annotations[issuers.example.com/template]=web",
					"issuer.annotations.region=eu;issuer.annotations.Team=shop",
					"additional.second.template.common-name=second;additional.third.template.common-name=third",
					"additional.third.issuer.annotations.region=us",
					"additional.third.issuer.annotations.[example.com/own]=yes")
			.certificates();
		Map<String, String> first = Map.of("issuers.example.com/template", "web", "region", "eu", "Team", "shop");
		assertThat(all).map((settings) -> Objects.requireNonNull(settings.request().issuer()))
			.map(CertificateSettings.Issuer::annotations)
			.containsExactly(first, first, Map.of("issuers.example.com/template", "web", "region", "us", "Team", "shop",
					"example.com/own", "yes"));
		assertThat(all.subList(1, 3)).map((settings) -> settings.properties().of("issuer.annotations.region"))
			.containsExactly("kubelet.cert.issuer.annotations.region",
					"kubelet.cert.additional.third.issuer.annotations.region");
	}

	@Test
	void whatIdentifiesACertificateIsNotInherited() {
		assertThat(
				TestSettings.of(FIRST, "additional.shop-client.uris=a;ignore-unknown-properties=true").certificates())
			.hasSize(1);
		CertificateSettings second = TestSettings.named("shop-client", FIRST,
				"additional.shop-client.template.dns-names=shop");
		assertThat(second.ssl().bundle()).isEqualTo("shop-client");
		assertThat(second.request().requested().signerOrigin()).isNull();
		assertThat(second.request().signerCaFile()).isNull();
		assertThat(second.request().requested().usages()).isEmpty();
		assertThat(second.request().template().commonName()).isNull();
		assertThat(second.request().addresses().source()).isEqualTo(AddressSourceKind.FIXED);
		assertThat(second.rotation().enabled()).isTrue();
		assertThat(second.storage().initialPair()).isNull();
	}

	/** As from placeholders, where there is no such certificate. */
	@Test
	void furtherCertificateOfWhichNothingButBlanksIsSetIsNone() {
		assertThat(TestSettings
			.of("template.common-name=first;signer-name=example.com/first;issuer.kind=${absent:};issuer.name=${absent:}",
					"cert-dir=/pki;additional.b.template.common-name=${absent:}")
			.certificates()).hasSize(1);
		if (!SpringBootVersion.getVersion().startsWith("4.0.")) {
			assertThat(TestSettings.of("template.common-name=first;additional.b=").certificates()).hasSize(1);
		}
	}

	@Test
	void blankValueOfAFurtherCertificateDoesNotHideTheOneOfTheFirst() {
		CertificateSettings second = TestSettings.named("b",
				"template.common-name=a;issuer.name=first;issuer.kind=ClusterIssuer;ssl.trust=system;cert-dir=/pki;ssl.drain=5s",
				"additional.b.template.common-name=b;additional.b.issuer.name=${absent:}",
				"additional.b.cert-dir=;additional.b.ssl.drain=");
		assertThat(second.request().requested().signer()).hasToString("ClusterIssuer/first");
		assertThat(second.ssl().trusted()).extracting(Trusted::kind).containsExactly(TrustKind.SYSTEM);
		assertThat(second.storage().certDir()).isEqualTo(Path.of("/pki"));
		assertThat(second.ssl().drain()).isEqualTo(Duration.ofSeconds(5));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					trust-file=/ca.pem | trust-config-map=other-ca | config-map other-ca
					trust-file=/ca.pem | trust=system | system system
					trust=system,cluster | trust-file=/ca.pem | file /ca.pem
					trust=system,cluster | drain=1s | system system, cluster cluster
					trust[0]=system | trust[0]=cluster | cluster cluster
					trust[0]=system;ssl.trust[1]=cluster | trust=system | system system
					trust-file=/ca.pem;ssl.trust=system | drain=1s | system system, file /ca.pem
					trust-file=/ca.pem;ssl.trust=system | trust[0]=cluster | cluster cluster
					trust-bundle.signer-name=example.com/ca;ssl.trust-bundle.label-selector=a=b | drain=1s | trust-bundles-of-signer example.com/ca a=b
					trust-bundle.signer-name=example.com/ca;ssl.trust-bundle.label-selector=a=b | trust-bundle.name=c | trust-bundle c
					trust-bundle.signer-name=example.com/ca;ssl.trust-bundle.label-selector=a=b | trust-bundle.label-selector=c=d | trust-bundles-of-signer example.com/ca c=d
					trust-bundle.signer-name=example.com/ca;ssl.trust-bundle.label-selector=a=b | trust=cluster | cluster cluster
					""")
	void trustIsInheritedUnlessThereIsAnotherSource(String first, String second, String places) {
		assertThat(places(TestSettings.named("b", "ssl." + first,
				"additional.b.template.common-name=b;additional.b.ssl." + second)))
			.isEqualTo(places);
	}

	/** The default is not set, so it adds nothing. */
	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					trust-file=/ca.pem | file /ca.pem
					trust=cluster;ssl.trust-file=/ca.pem | cluster cluster, file /ca.pem
					trust=Issuer,  cluster, issuer | issuer issuer, cluster cluster
					trust-file=/ca.pem;ssl.trust-config-map=a;ssl.trust-bundle.name=b;ssl.trust-bundle.signer-name=c.d/e | file /ca.pem, config-map a, trust-bundle b, trust-bundles-of-signer c.d/e
					""")
	void sourcesOfTrustAddToEachOther(String properties, String places) {
		assertThat(places(TestSettings.first("issuer.name=internal;ssl." + properties))).isEqualTo(places);
	}

	/** Otherwise what is inherited would take the place of the whole list. */
	@ParameterizedTest
	@CsvSource({ "ssl.trust=system, ssl.trust[1]=cluster", "ssl.trust[0]=system, ssl.trust[1]=cluster",
			"ssl.accepted-clients.uris=https://a/, ssl.accepted-clients.uris[1]=https://b/" })
	void listWithoutItsFirstElementIsReported(String first, String second) {
		assertThatExceptionOfType(BindException.class)
			.isThrownBy(() -> TestSettings.of("template.common-name=a", first,
					"additional.b.template.common-name=b;additional.b." + second))
			.withStackTraceContaining("were left unbound");
	}

	private static String places(CertificateSettings settings) {
		return settings.ssl()
			.trusted()
			.stream()
			.map((place) -> "%s %s %s"
				.formatted(place.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'), place.name(), place.labels())
				.trim())
			.collect(Collectors.joining(", "));
	}

	/** A list of a group replaces all of it, in whatever form it is written. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			''                              | common-names=first;uris=https://first/ | true
			servers.dns-names=b             | common-names=first;uris=https://first/ | true
			clients.dns-names=b             | dns-names=b                            | true
			clients.dns-names[0]=b          | dns-names=b                            | true
			clients.uris[0]=https://second/ | uris=https://second/                   | true
			clients.common-names=first      | common-names=first                     | true
			clients.common-names=second     | common-names=first                     | false
			""")
	void acceptedPeersAreInheritedUnlessThereIsAListOfTheGroup(String second, String expected, boolean equal) {
		String first = "ssl.accepted-clients.common-names=first;ssl.accepted-clients.uris[0]=https://first/";
		AcceptedPeers clients = TestSettings
			.named("b", first, "additional.b.template.common-name=b",
					second.isEmpty() ? "" : "additional.b.ssl.accepted-" + second)
			.ssl()
			.peers()
			.clients();
		AcceptedPeers all = TestSettings
			.first(Stream.of(expected.split(";")).map((list) -> "ssl.accepted-clients." + list).toArray(String[]::new))
			.ssl()
			.peers()
			.clients();
		assertThat(clients.equals(all)).isEqualTo(equal);
	}

	/** Otherwise, peers would be accepted that a profile has removed. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			[0] | prod | [0] | dev | [1] | test
			[0] | prod | ''  | dev,test | '' | dev,test
			''  | prod | [0] | dev | [1] | test
			""")
	void listIsInheritedFromTheSourceThatReplacesIt(String high, String prod, String low, String dev, String next,
			String test) {
		String list = "kubelet.cert.ssl.accepted-clients.dns-names";
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().addLast(new MapPropertySource("high", Map.of(list + high, prod)));
		Map<String, Object> properties = new HashMap<>(
				Map.of("kubelet.cert.additional.b.template.common-name", "b", list + low, dev));
		properties.put(list + next, test);
		environment.getPropertySources().addLast(new MapPropertySource("low", properties));
		assertThat(TestSettings.of(environment).certificates()).hasSize(2)
			.allSatisfy((certificate) -> assertThat(certificate.ssl().peers().clients())
				.isEqualTo(TestSettings.first("ssl.accepted-clients.dns-names=prod").ssl().peers().clients()));
	}

	/** One that is for other peers. */
	@Test
	void listsThatAreInheritedCanBeUndone() {
		String[] first = { "ssl.accepted-clients.dns-names=a", "ssl.accepted-servers.dns-names=a",
				"additional.b.template.common-name=b" };
		PeerRules rules = TestSettings
			.named("b",
					Stream.concat(Stream.of(first), Stream.of("additional.b.ssl.accepted-clients.all=true"))
						.toArray(String[]::new))
			.ssl()
			.peers();
		assertThat(rules.clients().isRestricted()).isFalse();
		assertThat(rules.servers().isRestricted()).isTrue();
		rules = TestSettings
			.named("b",
					Stream.concat(Stream.of(first), Stream.of("additional.b.ssl.accepted-servers.by-address=true"))
						.toArray(String[]::new))
			.ssl()
			.peers();
		assertThat(rules.clients().isRestricted()).isTrue();
		assertThat(rules.servers().isRestricted()).isFalse();
	}

	@Test
	void everyoneIsAcceptedUnlessThereIsAList() {
		assertThat(TestSettings.first("template.common-name=a").ssl().peers()).isEqualTo(PeerRules.NONE);
		PeerRules rules = TestSettings.first("ssl.accepted-servers.uris=spiffe://a/b/**").ssl().peers();
		assertThat(rules.clients().isRestricted()).isFalse();
		assertThat(rules.servers().isRestricted()).isTrue();
	}

	@ParameterizedTest
	@CsvSource({ ".shop-client, shop-client", "[shop.client], shop.client", "[Shop_Client], Shop_Client",
			".shopClient, shopClient" })
	void nameOfACertificateMayHaveAnyForm(String written, String name) {
		CertificateSettings settings = TestSettings.named(name, FIRST,
				"additional" + written + ".template.common-name=shop", "additional" + written + ".startup.timeout=7s");
		assertThat(settings.request().template().commonName()).isEqualTo("shop");
		assertThat(settings.startup().timeout()).isEqualTo(Duration.ofSeconds(7));
		assertThat(settings.storage().retain()).isEqualTo(2);
	}

	/** The name of the certificate is as in the file, before or after the variables. */
	@ParameterizedTest
	@CsvSource({ "b, B, true", "shop-client, SHOPCLIENT, true", "shop-client, SHOPCLIENT, false",
			"shopClient, SHOPCLIENT, true", "shop-client, SHOP_CLIENT, true" })
	void environmentVariablesAreInheritedAndOverridden(String name, String inVariable, boolean variablesFirst) {
		StandardEnvironment environment = new StandardEnvironment();
		MutablePropertySources sources = environment.getPropertySources();
		sources.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", Map.of("KUBELET_CERT_SSL_DRAIN",
				"1m", "KUBELET_CERT_ADDITIONAL_" + inVariable + "_STARTUP_TIMEOUT", "7s")));
		PropertySource<?> file = new MapPropertySource("file",
				Map.of("kubelet.cert.additional." + name + ".template.common-name", "file"));
		if (variablesFirst) {
			sources.addLast(file);
		}
		else {
			sources.addFirst(file);
		}
		List<CertificateSettings> all = TestSettings.of(environment).certificates();
		assertThat(all).extracting(CertificateSettings::name).containsExactly("kubelet-client", name);
		CertificateSettings second = all.get(1);
		assertThat(second.request().template().commonName()).isEqualTo("file");
		assertThat(second.ssl().drain()).isEqualTo(Duration.ofMinutes(1));
		assertThat(second.startup().timeout()).isEqualTo(Duration.ofSeconds(7));
		assertThat(second.properties().of("ssl.drain")).isEqualTo("kubelet.cert.ssl.drain");
		assertThat(second.properties().of("startup.timeout"))
			.isEqualToIgnoringCase("kubelet.cert.additional." + name + ".startup.timeout");
	}

	/** A variable does not say where a name has dots and where hyphens. */
	@ParameterizedTest
	@ValueSource(
			strings = { "KUBELET_CERT_SSL_ACCEPTED_CLIENTS_DNS_NAMES", "KUBELET_CERT_SSL_ACCEPTEDCLIENTS_DNSNAMES_0",
					"KUBELET_CERT_ADDITIONAL_B_SSL_ACCEPTED_CLIENTS_DNS_NAMES_0" })
	void groupWhoseNameHasHyphensIsSetByAVariableAlone(String variable) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", Map.of(variable, "shop")));
		assertThat(TestSettings.of(environment, "template.common-name=a;additional.b.template.common-name=b")
			.find("b")
			.orElseThrow()
			.ssl()
			.peers()
			.clients()).isEqualTo(TestSettings.first("ssl.accepted-clients.dns-names=shop").ssl().peers().clients());
	}

	@Test
	void valueOfThePrefixItselfIsIgnored() {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", Map.of("KUBELET_CERT", "1.2")));
		assertThat(TestSettings.of(environment, "template.common-name=shop").certificates()).hasSize(1);
	}

	@Test
	void valuesComeFromImportsConfigTreesAndPlaceholders(@TempDir Path directory) throws IOException {
		write(directory, "application.yml", """
				name: shop
				spring.config.import: [additional.yml, "configtree:${tree}/"]
				kubelet.cert:
				  template:
				    common-name: ${name}.${domain:example.com}
				    dns-names: ${names}
				  startup.timeout: ${timeout}
				""");
		write(directory, "additional.yml", """
				names: a.example.com,b.example.com
				kubelet.cert.additional.client.template.common-name: ${kubelet.cert.template.common-name}-client
				""");
		write(directory, "tree/timeout", "30m\n");
		write(directory, "tree/kubelet/cert/cert-dir", "/var/lib/${name}\n");
		write(directory, "tree/kubelet/cert/key/size", "384\n");
		List<CertificateSettings> all = TestSettings
			.of(TestSettings.configured(directory, "tree=" + directory.resolve("tree")))
			.certificates();
		assertThat(all).extracting((settings) -> settings.request().template().commonName())
			.containsExactly("shop.example.com", "shop.example.com-client");
		assertThat(all.get(0).request().template().dnsNames()).containsExactly("a.example.com", "b.example.com");
		assertThat(all).allSatisfy((settings) -> {
			assertThat(settings.startup().timeout()).isEqualTo(Duration.ofMinutes(30));
			assertThat(settings.storage().certDir()).isEqualTo(Path.of("/var/lib/shop"));
			assertThat(settings.request().requested().key().size()).isEqualTo(384);
		});
	}

	private static void write(Path directory, String name, String content) throws IOException {
		Path file = directory.resolve(name);
		Files.createDirectories(file.getParent());
		Files.writeString(file, content);
	}

	/** Otherwise, a certificate with the name "${host}" would be requested. */
	@ParameterizedTest
	@ValueSource(strings = { "template.common-name", "cert-dir", "usages", "additional.b.template.dns-names",
			"kubernetes.kubeconfig" })
	void placeholderWithoutAValueIsReported(String property) {
		assertThatException().isThrownBy(() -> TestSettings.of(property + "=a-${host}"))
			.withMessageContaining("Failed to bind properties under 'kubelet.cert." + property)
			.havingRootCause()
			.withMessageContaining("Could not resolve placeholder 'host' in value \"a-${host}\"");
	}

}
