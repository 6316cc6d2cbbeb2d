package io.kubelet.cert.request;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.testsupport.ProjectFiles;
import io.kubelet.cert.testsupport.TestKeys;
import org.assertj.core.api.Assumptions;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.PolicyConstraints;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Which issued chains are accepted, or refused, otherwise than by the JDK, Bouncy Castle,
 * OpenSSL and Go.
 *
 * @see IssuedCertificateCheck
 */
class ChainDifferencesTests {

	private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

	/** Under their row in the reference: the chain, and who decides otherwise. */
	private static final String DIFFERENCES = """
			# an authority that has expired
			expired authority                           : BouncyCastle
			expired authority of the leaf               : JDK BouncyCastle
			# a leaf as its own authority
			leaf as its authority                       : JDK OpenSSL Go
			# a leaf that begins within 5 minutes
			leaf of a clock that is ahead               : JDK BouncyCastle OpenSSL Go
			# a leaf with SHA-1
			SHA-1 of the leaf                           : JDK BouncyCastle OpenSSL
			# an intermediate with SHA-1
			SHA-1 of the intermediate                   : Go
			# a leaf with MD5, RSA keys of less than 1024 bits
			MD5 of the leaf                             : BouncyCastle OpenSSL
			weak authority                              : BouncyCastle OpenSSL
			weak intermediate                           : BouncyCastle OpenSSL
			# a leaf without the usage that was requested
			leaf that may not serve                     : JDK BouncyCastle
			# an intermediate for another purpose than the leaf
			intermediate for clients                    : BouncyCastle OpenSSL Go
			# an authority that may not sign, excludes the name, or has a path length or a critical extension that forbids the chain
			authority that may not sign                 : OpenSSL Go
			name that the authority excludes            : OpenSSL Go
			path too long for the authority             : OpenSSL Go
			unknown critical extension of the authority : OpenSSL Go
			# an authority without basic constraints
			authority without constraints               : Go
			# an intermediate that permits subjects
			permitted subject                           : Go
			# a policy that an intermediate requires
			policy that is required                     : OpenSSL
			# two certificates of one issuer, also in a circle
			cross-signed                                : OpenSSL
			issuers in a circle                         : OpenSSL
			""";

	private static final Map<String, List<String>> OTHERWISE = DIFFERENCES.lines()
		.filter((line) -> !line.startsWith("# "))
		.map((line) -> line.split(" *: "))
		.collect(Collectors.toMap((row) -> row[0], (row) -> List.of(row[1].split(" "))));

	private static final JsonObject BY_GO = JsonParser
		.parseString(ProjectFiles.read("cert-manager-autoconfigure/src/test/resources/io/kubelet/cert/request/go.json"))
		.getAsJsonObject();

	/** Where {@code src/test/go} reads them, the authorities under another type. */
	private static final Path FOR_GO = Path.of("target/inputs-for-go/chains");

	private static final String OPENSSL = "/usr/bin/openssl";

	private static final Provider BOUNCY_CASTLE = new BouncyCastleProvider();

	private static final KeyPair KEYS = keys("EC", 256);

	private static final KeyPair ROOT = keys("EC", 256);

	private static final KeyPair FIRST = keys("EC", 256);

	private static final KeyPair SECOND = keys("EC", 256);

	private static final KeyPair ED25519 = keys("Ed25519", 255);

	private static final KeyPair RSA = TestKeys.generate(TestKeys.RSA);

	private static final KeyPair WEAK = keys("RSA", 768);

	private static final KeyPair SHORT = keys("RSA", 1024);

	private static final PendingRequest REQUEST = new PendingRequest(
			CertificateRequests.create("shop", CertificateTemplate.ofSubject("shop").withDnsNames(List.of("shop.svc")),
					Signer.of("example.com/shop"), List.of(Usage.SERVER_AUTH), null, KEYS),
			KEYS.getPrivate(), null, null);

	private static final AtomicLong SERIAL = new AtomicLong();

	@TempDir
	private Path directory;

	@ParameterizedTest
	@MethodSource("chains")
	void chainIsAcceptedAsByTheJdkAndBouncyCastleOrElseForAReason(Case issued) {
		issued.require("JDK",
				ChainFuzz.isAcceptedBy(Security.getProvider("SUN"), issued.chain, issued.authorities, NOW));
		issued.require("BouncyCastle", ChainFuzz.isAcceptedBy(BOUNCY_CASTLE, issued.chain, issued.authorities, NOW));
	}

	@ParameterizedTest
	@MethodSource("chains")
	void chainIsAcceptedAsByOpenSslOrElseForAReason(Case issued) throws Exception {
		Assumptions.assumeThat(Path.of(OPENSSL)).exists();
		issued.require("OpenSSL", isAcceptedByOpenSsl(issued));
	}

	/** What it says is recorded ({@code src/test/go}). */
	@ParameterizedTest
	@MethodSource("chains")
	void chainIsAcceptedAsByGoOrElseForAReason(Case issued) {
		issued.require("Go", !BY_GO.getAsJsonObject(issued.name).has("error"));
	}

	@Test
	void everyDifferenceIsInTheReference() {
		String reference = ProjectFiles.read("docs/reference/compatibility.md");
		assertThat(DIFFERENCES.lines().filter((line) -> line.startsWith("# ")))
			.allSatisfy((row) -> assertThat(reference).contains("| " + row.substring("# ".length()) + " |"));
	}

	private boolean isAcceptedByOpenSsl(Case issued) throws Exception {
		Path leaf = Files.writeString(this.directory.resolve("leaf"), Pem.write(issued.chain.subList(0, 1)));
		Path chain = Files.writeString(this.directory.resolve("chain"), Pem.write(issued.chain));
		Path trusted = Files.writeString(this.directory.resolve("trusted"), Pem.write(issued.authorities));
		ProcessBuilder verify = new ProcessBuilder(OPENSSL, "verify", "-partial_chain", "-purpose", "sslserver",
				"-auth_level", "0", "-attime", String.valueOf(NOW.getEpochSecond()), "-trusted", trusted.toString(),
				"-untrusted", chain.toString(), leaf.toString());
		verify.environment().put("OPENSSL_CONF", "/dev/null");
		return verify.redirectErrorStream(true)
			.redirectOutput(this.directory.resolve("output").toFile())
			.start()
			.waitFor() == 0;
	}

	static List<Case> chains() throws Exception {
		X509Certificate root = authority("root", ROOT).by("root", ROOT).build();
		X509Certificate first = authority("first", FIRST).by("root", ROOT).build();
		X509Certificate second = authority("second", SECOND).by("first", FIRST).build();
		X509Certificate leaf = leaf().by("first", FIRST).build();
		X509Certificate last = leaf().by("second", SECOND).build();
		X509Certificate stranger = authority("stranger", RSA).by("stranger", RSA).build();
		X509Certificate crossed = authority("first", FIRST).by("stranger", RSA).build();
		X509Certificate alone = leaf().by("shop", KEYS).with(Extension.basicConstraints, null).build();
		List<Case> cases = List
			.of(new Case("in order", List.of(last, second, first), List.of(root)),
					new Case("wrong order", List.of(last, first, second), List.of(root)),
					new Case("missing intermediate", List.of(last, second), List.of(root)),
					new Case("extra certificate", List.of(leaf, stranger, second, first), List.of(root)),
					new Case("duplicates", List.of(leaf, first, leaf, first), List.of(root)),
					new Case("cross-signed", List.of(leaf, crossed, first), List.of(root)),
					new Case("cross-signed by a stranger", List.of(leaf, crossed), List.of(root)),
					new Case("authority that is no root", List.of(leaf), List.of(first)),
					new Case("namesake of the authority", List.of(leaf, first),
							List.of(authority("root", SECOND).by("root", SECOND).build())),
					through("expired intermediate", authority("first", FIRST).between(-3600, -60).by("root", ROOT)),
					through("intermediate not yet valid",
							authority("first", FIRST).between(600, 3600).by("root", ROOT)),
					to("expired authority", authority("root", ROOT).between(-3600, -60).by("root", ROOT)),
					new Case("expired authority of the leaf", List.of(leaf().by("root", ROOT).build()),
							List.of(authority("root", ROOT).between(-3600, -60).by("root", ROOT).build())),
					of("expired leaf", leaf().between(-3600, -60).by("root", ROOT)),
					of("leaf of a clock that is ahead", leaf().between(60, 3600).by("root", ROOT)),
					of("leaf not yet valid", leaf().between(600, 3600).by("root", ROOT)),
					new Case("path too long",
							List.of(last, second,
									authority("first", FIRST).with(Extension.basicConstraints, new BasicConstraints(0))
										.by("root", ROOT)
										.build()),
							List.of(root)),
					to("path too long for the authority",
							authority("root", ROOT).with(Extension.basicConstraints, new BasicConstraints(0))
								.by("root", ROOT)),
					through("intermediate that is no authority",
							authority("first", FIRST).with(Extension.basicConstraints, new BasicConstraints(false))
								.by("root", ROOT)),
					through("intermediate without constraints",
							authority("first", FIRST).with(Extension.basicConstraints, null).by("root", ROOT)),
					to("authority without constraints",
							authority("root", ROOT).with(Extension.basicConstraints, null).by("root", ROOT)),
					through("intermediate that may not sign",
							authority("first", FIRST).with(Extension.keyUsage, new KeyUsage(KeyUsage.digitalSignature))
								.by("root", ROOT)),
					to("authority that may not sign",
							authority("root", ROOT).with(Extension.keyUsage, new KeyUsage(KeyUsage.digitalSignature))
								.by("root", ROOT)),
					of("leaf that may not serve",
							leaf().with(Extension.extendedKeyUsage, new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth))
								.by("root", ROOT)),
					through("intermediate for clients",
							authority("first", FIRST).with(Extension.extendedKeyUsage,
									new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth))
								.by("root", ROOT)),
					through("unknown critical extension of the intermediate",
							authority("first", FIRST).with(new ASN1ObjectIdentifier("1.2.3.4"), DERNull.INSTANCE)
								.by("root", ROOT)),
					to("unknown critical extension of the authority",
							authority("root", ROOT).with(new ASN1ObjectIdentifier("1.2.3.4"), DERNull.INSTANCE)
								.by("root", ROOT)),
					of("unknown critical extension of the leaf",
							leaf().with(new ASN1ObjectIdentifier("1.2.3.4"), DERNull.INSTANCE).by("root", ROOT)),
					through("permitted name",
							authority("first", FIRST).with(Extension.nameConstraints, names("svc", null))
								.by("root", ROOT)),
					through("name that is not permitted",
							authority("first", FIRST).with(Extension.nameConstraints, names("other", null))
								.by("root", ROOT)),
					through("excluded name",
							authority("first", FIRST).with(Extension.nameConstraints, names(null, "svc"))
								.by("root", ROOT)),
					to("name that the authority excludes",
							authority("root", ROOT).with(Extension.nameConstraints, names(null, "svc"))
								.by("root", ROOT)),
					through("permitted name with a dot",
							authority("first", FIRST).with(Extension.nameConstraints,
									names(".svc", null))
								.by("root", ROOT)),
					through("excluded name with a dot",
							authority("first", FIRST).with(Extension.nameConstraints, names(null, ".svc"))
								.by("root", ROOT)),
					through("permitted subject", authority("first", FIRST)
						.with(Extension.nameConstraints,
								new NameConstraints(new GeneralSubtree[] {
										new GeneralSubtree(new GeneralName(new X500Name("CN=shop"))) }, null))
						.by("root", ROOT)),
					through("policy that is required",
							authority("first", FIRST)
								.with(Extension.policyConstraints, new PolicyConstraints(BigInteger.ZERO, null))
								.by("root", ROOT)),
					of("SHA-1 of the leaf", leaf().signed("SHA1withECDSA").by("root", ROOT)),
					through("SHA-1 of the intermediate",
							authority("first", FIRST).signed("SHA1withECDSA").by("root", ROOT)),
					of("MD5 of the leaf", leaf().signed("MD5withRSA").by("root", RSA), RSA),
					new Case("weak intermediate",
							List.of(leaf().by("weak", WEAK).build(), authority("weak", WEAK).by("root", ROOT).build()),
							List.of(root)),
					of("weak authority", leaf().by("root", WEAK), WEAK),
					of("authority of 1024 bits", leaf().by("root", SHORT), SHORT),
					of("Ed25519", leaf().by("root", ED25519), ED25519),
					of("RSASSA-PSS", leaf().signed("SHA256withRSAandMGF1").by("root", RSA), RSA),
					new Case("self-signed", List.of(alone), List.of(root)),
					new Case("self-signed as its authority", List.of(alone), List.of(alone)),
					new Case("leaf as its authority", List.of(leaf), List.of(leaf)),
					of("identifier of another key",
							leaf().with(Extension.authorityKeyIdentifier, new AuthorityKeyIdentifier(new byte[20]))
								.by("root", ROOT)),
					new Case("issuers in a circle",
							List.of(last, second, authority("first", FIRST).by("second", SECOND).build(), first),
							List.of(root)));
		FileSystemUtils.deleteRecursively(FOR_GO);
		Files.createDirectories(FOR_GO);
		for (Case each : cases) {
			Files.writeString(FOR_GO.resolve(each.name),
					Pem.write(each.chain) + Pem.write(each.authorities).replace("CERTIFICATE-----", "AUTHORITY-----"));
		}
		assertThat(cases).extracting(Case::name).containsAll(OTHERWISE.keySet());
		assertThat(cases).extracting(Case::name).hasSameElementsAs(BY_GO.keySet());
		return cases;
	}

	/** A leaf of an intermediate. */
	private static Case through(String name, Draft intermediate) throws Exception {
		return new Case(name, List.of(leaf().by("first", FIRST).build(), intermediate.build()),
				List.of(authority("root", ROOT).by("root", ROOT).build()));
	}

	/** A leaf of an intermediate of an authority. */
	private static Case to(String name, Draft authority) throws Exception {
		return new Case(name,
				List.of(leaf().by("first", FIRST).build(), authority("first", FIRST).by("root", ROOT).build()),
				List.of(authority.build()));
	}

	private static Case of(String name, Draft leaf) throws Exception {
		return of(name, leaf, ROOT);
	}

	private static Case of(String name, Draft leaf, KeyPair root) throws Exception {
		return new Case(name, List.of(leaf.build()), List.of(authority("root", root).by("root", root).build()));
	}

	private static NameConstraints names(@Nullable String permitted, @Nullable String excluded) {
		return new NameConstraints(subtree(permitted), subtree(excluded));
	}

	private static GeneralSubtree @Nullable [] subtree(@Nullable String name) {
		return (name != null) ? new GeneralSubtree[] { new GeneralSubtree(new GeneralName(GeneralName.dNSName, name)) }
				: null;
	}

	private static KeyPair keys(String algorithm, int size) {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
			generator.initialize(size);
			return generator.generateKeyPair();
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static Draft authority(String name, KeyPair keys) {
		return new Draft(name, keys).with(Extension.basicConstraints, new BasicConstraints(true))
			.with(Extension.keyUsage, new KeyUsage(KeyUsage.keyCertSign));
	}

	private static Draft leaf() {
		return new Draft("shop", KEYS).with(Extension.basicConstraints, new BasicConstraints(false))
			.with(Extension.keyUsage, new KeyUsage(KeyUsage.digitalSignature))
			.with(Extension.extendedKeyUsage, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))
			.with(Extension.subjectAlternativeName, new GeneralNames(new GeneralName(GeneralName.dNSName, "shop.svc")));
	}

	private record Case(String name, List<X509Certificate> chain, List<X509Certificate> authorities) {

		void require(String other, boolean accepted) {
			String message = "";
			try {
				IssuedCertificateCheck.ofAuthorities(() -> this.authorities).check(this.chain, REQUEST, List.of(), NOW);
			}
			catch (RequestException ex) {
				message = String.valueOf(ex.getMessage());
			}
			assertThat(message.isEmpty()).as("Accepted by %s: %s. %s", other, accepted, message)
				.isEqualTo(accepted != OTHERWISE.getOrDefault(this.name, List.of()).contains(other));
		}

		@Override
		public String toString() {
			return this.name;
		}

	}

	/** A certificate to be signed, with critical extensions. */
	private static final class Draft {

		private final X500Name name;

		private final KeyPair keys;

		private final Map<ASN1ObjectIdentifier, ASN1Encodable> extensions = new LinkedHashMap<>();

		private Instant from = NOW.minus(Duration.ofDays(1));

		private Instant until = NOW.plus(Duration.ofDays(1));

		private @Nullable String algorithm;

		private String issuer = "";

		private KeyPair signer = ROOT;

		Draft(String name, KeyPair keys) {
			this.name = new X500Name("CN=" + name);
			this.keys = keys;
		}

		Draft with(ASN1ObjectIdentifier extension, @Nullable ASN1Encodable value) {
			this.extensions.remove(extension);
			if (value != null) {
				this.extensions.put(extension, value);
			}
			return this;
		}

		Draft between(int from, int until) {
			this.from = NOW.plusSeconds(from);
			this.until = NOW.plusSeconds(until);
			return this;
		}

		Draft signed(String algorithm) {
			this.algorithm = algorithm;
			return this;
		}

		Draft by(String issuer, KeyPair signer) {
			this.issuer = issuer;
			this.signer = signer;
			return this;
		}

		X509Certificate build() throws Exception {
			JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(new X500Name("CN=" + this.issuer),
					BigInteger.valueOf(SERIAL.incrementAndGet()), Date.from(this.from), Date.from(this.until),
					this.name, this.keys.getPublic());
			for (Map.Entry<ASN1ObjectIdentifier, ASN1Encodable> extension : this.extensions.entrySet()) {
				builder.addExtension(extension.getKey(), !extension.getKey().equals(Extension.authorityKeyIdentifier),
						extension.getValue());
			}
			JcaContentSignerBuilder signature = (this.algorithm == null)
					? new JcaContentSignerBuilder(KeySpecification.signatureAlgorithm(this.signer.getPublic()))
					: new JcaContentSignerBuilder(this.algorithm).setProvider(BOUNCY_CASTLE);
			return new JcaX509CertificateConverter()
				.getCertificate(builder.build(signature.build(this.signer.getPrivate())));
		}

	}

}
