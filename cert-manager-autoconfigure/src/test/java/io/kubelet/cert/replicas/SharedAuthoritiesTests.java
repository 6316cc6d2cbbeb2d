package io.kubelet.cert.replicas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.StartFailures;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.MutualTls;
import io.kubelet.cert.testsupport.ShopFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the authorities that an issuer returns, in a Secret that others edit: whom
 * replicas with {@code ssl.trust: issuer} accept in a handshake.
 *
 * @see io.kubelet.cert.kubernetes.internal.secret.StoredAuthorities
 * @see io.kubelet.cert.kubernetes.internal.secret.AuthorityBlocks
 * @see io.kubelet.cert.kubernetes.internal.secret.ReplacedAuthorities
 */
@ExtendWith(OutputCaptureExtension.class)
class SharedAuthoritiesTests extends ShopFixture {

	private static final String REPLACED = "previous-ca.crt";

	private final TestAuthority foreign = new TestAuthority("foreign");

	private final CertificatePair foreignClient = this.foreign.pair("client");

	@BeforeEach
	void install() {
		this.plane.certManager().clusterIssuer("internal");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void foreignAuthorityIsNotTrustedByReplicasThatStart(boolean withSignerCaFile, CapturedOutput output)
			throws IOException {
		ConfigurableApplicationContext first = startWithIssuer();
		settle();
		stop(first);
		addForeignAuthority();
		for (int i = 1; i <= 2; i++) {
			ConfigurableApplicationContext replica = startWithIssuer(signerCaFile(withSignerCaFile));
			assertThat(accepts(replica, this.foreignClient)).isFalse();
			assertThat(accepts(replica, pair(replica))).isTrue();
			assertThat(output.toString().split("CN=foreign", -1)).as("one WARN per replica").hasSize(i + 1);
		}
		assertThat(output).contains("WARN",
				"[shop] Authorities in ca.crt of Secret shop/shop-tls are not trusted: 'CN=foreign'. ");
		settle();
		assertThat(secret().get("ca.crt")).as("what others have added").isEqualTo(withForeign());
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void foreignAuthorityIsNotTrustedByReplicasThatRun(boolean withSignerCaFile) throws IOException {
		ConfigurableApplicationContext replica = startWithIssuer(signerCaFile(withSignerCaFile));
		CertificatePair before = settle();
		// So that the pair is another one
		this.plane.secrets()
			.put("shop", "shop-tls",
					Map.of("tls.crt", Pem.write(List.of(before.leaf(), authority())), "ca.crt", withForeign()));
		rotatePending(replica);
		await().until(this::isPending);
		assertThat(secret().get("ca.crt")).as("what the replica has read").isEqualTo(withForeign());
		assertThat(accepts(replica, this.foreignClient)).isFalse();
		assertThat(accepts(replica, before)).isTrue();
		assertThat(status(replica).rotations().count()).isOne();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "garbage", "foreign" })
	void authorityThatSomebodyRemovesIsStoredAgainAndNothingElseHappens(String content) throws IOException {
		ConfigurableApplicationContext replica = startWithIssuer();
		ConfigurableApplicationContext other = startWithIssuer();
		CertificatePair pair = settle();
		Instant deadline = status(replica).schedule().deadline();
		this.plane.secrets()
			.put("shop", "shop-tls", Map.of("ca.crt",
					content.equals("foreign") ? Pem.write(List.of(this.foreign.certificate())) : content));
		await().until(() -> secret().getOrDefault("ca.crt", "").startsWith(this.plane.certManager().caPem("internal")));
		for (ConfigurableApplicationContext running : List.of(replica, other, startWithIssuer())) {
			assertThat(accepts(running, pair)).isTrue();
			assertThat(accepts(running, this.foreignClient)).isFalse();
		}
		assertThat(settle()).isEqualTo(pair);
		assertThat(status(replica)).returns(1, (status) -> status.rotations().history().size())
			.returns(deadline, (status) -> status.schedule().deadline());
		assertThat(creates()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "MAA=", "X-Origin: backup\n\nMAA=" })
	void whatOthersHaveAddedStaysAlthoughABlockBesideItIsDamaged(String content) throws IOException {
		startWithIssuer();
		CertificatePair pair = settle();
		String authority = this.plane.certManager().caPem("internal");
		String damaged = "-----BEGIN CERTIFICATE-----\n" + content + "\n-----END CERTIFICATE-----\n";
		String foreign = Pem.write(List.of(this.foreign.certificate()));
		this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", damaged + foreign));
		await().until(() -> secret().getOrDefault("ca.crt", "").startsWith(authority));
		assertThat(secret()).containsEntry("ca.crt", authority + foreign + damaged);
		assertThat(settle()).isEqualTo(pair);
	}

	/** As a tool that applies its own content, for which there are pauses. */
	@Test
	void programThatRemovesTheAuthorityEachTimeIsReported() {
		ConfigurableApplicationContext replica = startWithIssuer();
		settle();
		for (int i = 0; i < 3; i++) {
			this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", ""));
			await().until(() -> !secret().getOrDefault("ca.crt", "").isEmpty());
			this.clock.set(Duration.ofMinutes(5));
		}
		await().untilAsserted(() -> assertThat(status(replica).health().storeProblem())
			.startsWith("Another program keeps changing Secret shop/shop-tls."));
		assertThat(creates()).isZero();
	}

	@Test
	void replicasThatFindNoAuthorityRotateOnceAndStart(CapturedOutput output) throws IOException {
		ConfigurableApplicationContext first = startWithIssuer();
		CertificatePair before = settle();
		stop(first);
		this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", ""));
		startTogether(4, this::startWithIssuer);
		CertificatePair pair = awaitSuccessor(before);
		for (ConfigurableApplicationContext replica : this.running) {
			assertThat(accepts(replica, pair)).isTrue();
		}
		assertThat(createdRequests()).isOne();
		assertThat(output).contains("or lacked its authority");
	}

	@Test
	void replicaThatFindsNoAuthorityWaitsForTheRotation() {
		removeAuthorityWhileNobodyRuns();
		assertThat(StartFailures.report(catchThrowable(() -> startWithIssuer("startup.timeout=1s"))).getDescription())
			.contains("Certificate 'shop' was not issued within 1s");
		ConfigurableApplicationContext background = startWithIssuer("startup.mode=background");
		await().until(() -> status(background).pendingRequest() != null);
		assertThat(status(background).health().storeProblem())
			.isEqualTo("Secret shop/shop-tls has no authority of the issuer in ca.crt, which 'ssl.trust: issuer' "
					+ "needs: a new certificate is requested with it");
	}

	/** As the report advises, while the rotation waits for an approval. */
	@Test
	void authorityThatIsPutBackReachesWhoeverWaitsForItWithoutARotation(CapturedOutput output) {
		String removed = removeAuthorityWhileNobodyRuns();
		Path exported = this.directory.resolve("tls").resolve("ca.crt");
		startWithIssuer("startup.mode=background", "export.directory=" + exported.getParent());
		CompletableFuture<ConfigurableApplicationContext> waiting = CompletableFuture
			.supplyAsync(() -> startWithIssuer("startup.timeout=60s", files()), (task) -> new Thread(task).start());
		await().until(
				() -> output.toString().contains("no valid certificate with the authority of its issuer yet: waiting"));
		this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", removed));
		assertThat(waiting).succeedsWithin(PATIENCE);
		await().untilAsserted(() -> assertThat(Files.readString(exported)).isEqualTo(Pem.write(List.of(authority()))));
		assertThat(new FileCertificateStore(pki(), "shop", null, 5, Clock.systemUTC()).read().pair())
			.isEqualTo(stored())
			.extracting(CertificatePair::authorities)
			.isEqualTo(List.of(authority()));
	}

	/** Nobody approves the request for another certificate. */
	private String removeAuthorityWhileNobodyRuns() {
		ConfigurableApplicationContext first = startWithIssuer();
		settle();
		stop(first);
		String removed = secret().getOrDefault("ca.crt", "");
		this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", ""));
		this.plane.behavior().approval(ApprovalPolicy.manual());
		return removed;
	}

	/** As one that uses ACME. */
	@Test
	void issuerThatReturnsNoAuthorityIsNotAskedAgainAtEachStart() {
		this.plane.behavior().flaws(SignerFlaw.NO_AUTHORITY);
		for (int i = 0; i < 3; i++) {
			assertThat(StartFailures.property(catchThrowable(this::startWithIssuer)))
				.hasMessageStartingWith("Property kubelet.cert.ssl.trust with value 'issuer' is invalid: There is no "
						+ "authority in Secret shop-tls: the issuer of certificate 'shop' returned none, ");
		}
		assertThat(creates()).isOne();
		ConfigurableApplicationContext replica = startWithIssuer("ssl.trust=system");
		assertThat(status(replica).state()).isEqualTo(CertificateStatus.State.VALID);
		this.plane.behavior().flaws();
		manager(replica).rotate().join();
		settle();
		startWithIssuer();
		assertThat(creates()).isZero();
	}

	/** Until all replicas are new ones, the old ones know nothing of the issuer. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void rollingUpdateFromASignerToAnIssuer(boolean slow) throws IOException {
		ConfigurableApplicationContext old = start();
		ConfigurableApplicationContext idle = start();
		CertificatePair before = settle();
		if (slow) {
			this.plane.behavior().signingDelay(Duration.ofSeconds(12));
		}
		ConfigurableApplicationContext replica = startWithIssuer();
		assertThat(accepts(replica, pair(replica))).isTrue();
		CertificatePair pair = awaitSuccessor(before);
		assertThat(pair.leaf().getIssuerX500Principal()).isEqualTo(authority().getSubjectX500Principal());
		assertThat(createdRequests()).isOne();
		stop(old);
		assertThat(accepts(startWithIssuer(), pair)).isTrue();
		stop(idle);
		assertThat(settle()).isEqualTo(pair);
		assertThat(status(replica).rotations().history()).hasSize(1);
	}

	/** One may have been compromised, and other programs read the Secret. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void authorityThatSignerCaFileNoLongerContainsLeavesTheSecretWithItsPair(boolean running) throws IOException {
		ConfigurableApplicationContext replica = startWithIssuer(signerCaFile(true));
		CertificatePair before = settle();
		addForeignAuthority();
		if (!running) {
			stop(replica);
		}
		this.plane.certManager().removeClusterIssuer("internal").clusterIssuer("internal");
		Files.writeString(this.directory.resolve("ca.pem"), this.plane.certManager().caPem("internal"));
		if (running) {
			manager(replica).rotate().join();
		}
		else {
			startWithIssuer(signerCaFile(true));
		}
		awaitSuccessor(before);
		settle();
		assertThat(secret()).containsEntry("ca.crt", withForeign());
	}

	/** As the replicas that were running then accept its clients. */
	@Test
	void replacedAuthorityIsTrustedByReplicasThatStartWithinTheOverlap() throws IOException {
		ConfigurableApplicationContext running = startWithOverlap("1h", signerCaFile(true));
		CertificatePair oldClient = settle();
		replaceAuthority(running);
		this.clock.set(Duration.ofMinutes(30));
		ConfigurableApplicationContext late = startWithOverlap("1h", signerCaFile(true));
		assertThat(accepts(running, oldClient)).isTrue();
		assertThat(accepts(late, oldClient)).isTrue();
		assertThat(accepts(late, stored())).isTrue();
		assertThat(accepts(startWithOverlap("10m", signerCaFile(true)), oldClient)).as("a shorter overlap").isFalse();
		this.clock.set(Duration.ofMinutes(31));
		for (ConfigurableApplicationContext replica : List.of(running, late,
				startWithOverlap("1h", signerCaFile(true)))) {
			assertThat(accepts(replica, oldClient)).isFalse();
			assertThat(accepts(replica, stored())).isTrue();
		}
	}

	@Test
	void eachOfSeveralReplacedAuthoritiesIsTrustedUntilItsOwnEnd() throws IOException {
		ConfigurableApplicationContext running = startWithOverlap("1h", signerCaFile(true));
		CertificatePair firstClient = settle();
		String firstAuthority = Pem.write(List.of(authority()));
		replaceAuthority(running);
		CertificatePair secondClient = stored();
		String secondAuthority = Pem.write(List.of(authority()));
		this.clock.set(Duration.ofMinutes(40));
		replaceAuthority(running);
		ConfigurableApplicationContext late = startWithOverlap("1h", signerCaFile(true));
		assertThat(accepts(late, firstClient)).isTrue();
		assertThat(accepts(late, secondClient)).isTrue();
		this.clock.set(Duration.ofMinutes(21));
		assertThat(accepts(late, firstClient)).isFalse();
		assertThat(accepts(late, secondClient)).isTrue();
		replaceAuthority(running);
		assertThat(secret().get(REPLACED)).contains(secondAuthority).doesNotContain(firstAuthority);
	}

	/** Nothing else tells it from an authority that somebody has added. */
	@Test
	void replacedAuthorityIsTrustedByRunningReplicasOnlyWithoutASignerCaFile() throws IOException {
		ConfigurableApplicationContext running = startWithOverlap("1h");
		CertificatePair oldClient = settle();
		X509Certificate oldAuthority = authority();
		replaceAuthority(running);
		assertThat(secret()).doesNotContainKey(REPLACED);
		put(replaced(oldAuthority, Instant.now()));
		assertThat(accepts(running, oldClient)).isTrue();
		assertThat(accepts(startWithOverlap("1h"), oldClient)).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "ssl.trust=system", "ssl.trust-overlap=0s" })
	void replacedAuthorityThatNobodyTrustsAnyMoreIsNotStored(String property) throws IOException {
		ConfigurableApplicationContext running = startWithOverlap("1h", signerCaFile(true)[0], property);
		settle();
		put("of another program");
		replaceAuthority(running);
		assertThat(secret().get(REPLACED)).isEqualTo(property.equals("ssl.trust=system") ? "of another program" : null);
	}

	/** The clock says when it counts to the second, whatever the Secret says. */
	@ParameterizedTest
	@ValueSource(strings = { "2000-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "+1000000000-12-31T23:59:59Z" })
	void replacedAuthorityThatSomebodyAddsCountsForNoLongerThanTheOverlap(String at) throws IOException {
		TestAuthority covered = new TestAuthority("covered");
		CertificatePair client = covered.pair("client");
		String[] both = signerCaFile(true);
		ConfigurableApplicationContext running = startWithOverlap("1h", both);
		settle();
		Files.writeString(this.directory.resolve("ca.pem"), Pem.write(List.of(authority(), covered.certificate())));
		put(replaced(this.foreign.certificate(), Instant.now())
				+ replaced(covered.certificate(), Instant.now()).replaceFirst("at \\S+", "at " + at));
		ConfigurableApplicationContext late = startWithOverlap("1h", both);
		assertThat(accepts(late, this.foreignClient)).as("not in 'signer-ca-file'").isFalse();
		assertThat(accepts(late, client)).isEqualTo(!at.startsWith("2000"));
		assertThat(accepts(running, client)).as("was running").isFalse();
		this.clock.set(Duration.ofMinutes(61));
		assertThat(accepts(late, client)).isFalse();
	}

	@Test
	void damagedEntriesOfReplacedAuthoritiesAreIgnored() throws IOException {
		ConfigurableApplicationContext running = startWithOverlap("1h", signerCaFile(true));
		CertificatePair oldClient = settle();
		replaceAuthority(running);
		String entry = secret().getOrDefault(REPLACED, "");
		String yesterday = entry.replaceFirst("at \\S+", "at yesterday");
		String damaged = entry.replace("MII", "MIJ");
		for (String content : List.of("", "nonsense", yesterday, damaged, entry.substring(entry.indexOf('\n')))) {
			put(content);
			assertThat(accepts(startWithOverlap("1h", signerCaFile(true)), oldClient)).as(content).isFalse();
		}
		put("nonsense\n" + yesterday + damaged + entry);
		assertThat(accepts(startWithOverlap("1h", signerCaFile(true)), oldClient)).isTrue();
	}

	/** The issuer's authority is another one from now on, which the peers know. */
	private void replaceAuthority(ConfigurableApplicationContext replica) throws IOException {
		this.plane.certManager().removeClusterIssuer("internal").clusterIssuer("internal");
		Files.writeString(this.directory.resolve("ca.pem"), this.plane.certManager().caPem("internal"),
				StandardOpenOption.CREATE, StandardOpenOption.APPEND);
		manager(replica).rotate().join();
		settle();
	}

	private void put(String replaced) {
		this.plane.secrets().put("shop", "shop-tls", Map.of(REPLACED, replaced));
	}

	private static String replaced(X509Certificate authority, Instant at) {
		return "Replaced at " + at.truncatedTo(ChronoUnit.SECONDS) + "\n" + Pem.write(List.of(authority));
	}

	private ConfigurableApplicationContext startWithOverlap(String overlap, String... properties) {
		return startWithIssuer(
				Stream.concat(Stream.of("ssl.trust-overlap=" + overlap), Stream.of(properties)).toArray(String[]::new));
	}

	private void addForeignAuthority() {
		this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", withForeign()));
	}

	private String withForeign() {
		return Pem.write(List.of(authority(), this.foreign.certificate()));
	}

	private String[] signerCaFile(boolean isSet) throws IOException {
		Path file = this.directory.resolve("ca.pem");
		if (isSet && !Files.exists(file)) {
			Files.writeString(file, this.plane.certManager().caPem("internal"));
		}
		return isSet ? new String[] { "signer-ca-file=" + file } : new String[0];
	}

	/** Where the machine is busy, a replica may try to create the same object again. */
	private int createdRequests() {
		return this.plane.count((request) -> request.isCreate() && request.status() == 201);
	}

	private X509Certificate authority() {
		return Pem.readCertificates(this.plane.certManager().caPem("internal")).get(0);
	}

	private boolean accepts(ConfigurableApplicationContext replica, CertificatePair client) throws IOException {
		return MutualTls.accepts(replica.getBean(SslBundles.class).getBundle("shop"), authority(), client);
	}

	private ConfigurableApplicationContext startWithIssuer(String... properties) {
		return start(Stream
			.concat(Stream.of("signer-name=", "issuer.name=internal", "issuer.kind=ClusterIssuer", "ssl.trust=issuer",
					"ssl.trust-overlap=0s", "usages=digital signature,server auth,client auth"), Stream.of(properties))
			.toArray(String[]::new));
	}

}
