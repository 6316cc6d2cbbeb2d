package io.kubelet.cert.kubernetes.internal.secret;

import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.OffsetClock;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SecretStore}, on an API server.
 */
class SecretStoreTests {

	private static final TestAuthority AUTHORITY = new TestAuthority("authority");

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("shop");

	private static final String ACCOUNT = "system:serviceaccount:shop:shop";

	private static final Instant DEADLINE = Instant.parse("2030-01-01T00:00:00Z");

	@AutoClose
	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	private final OffsetClock clock = new OffsetClock();

	private final List<AutoCloseable> closed = new ArrayList<>();

	@TempDir
	Path directory;

	private Path kubeconfig;

	private SecretStore store;

	@BeforeEach
	void open() {
		this.kubeconfig = this.plane.writeKubeconfig(this.directory, this.plane.addServiceAccount("shop", "shop"));
		this.plane.allow(ACCOUNT, Set.of("get", "list", "watch", "update"), "secrets", "shop-tls");
		this.plane.allowIn("shop", ACCOUNT, Set.of("create"), "secrets");
		this.store = store(null);
	}

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	@Test
	void absentSecretIsCreatedByTheFirstWrite() {
		assertThat(this.plane.requests()).as("before the first reading").isEmpty();
		Stored nothing = this.store.read();
		assertThat(nothing).isEqualTo(new Stored(null, null, null, ""));
		PendingRequest pending = pending();
		Stored waiting = this.store.write(nothing.withPending(pending));
		assertThat(store(null).read().pending()).isNotNull()
			.returns(pending.request(), PendingRequest::request)
			.returns(pending.keys().getPrivate(), (read) -> read.keys().getPrivate());
		assertThat(secret()).containsOnlyKeys("tls.crt", "tls.key", "request.pem").containsEntry("tls.crt", "");
		CertificatePair pair = pair().withAuthorities(List.of(AUTHORITY.certificate()));
		Stored stored = this.store.write(waiting.withPending(null).withPair(pair, DEADLINE));
		assertThat(secret()).isEqualTo(Map.of("tls.crt", Pem.write(pair.chain()), "tls.key", Pem.writePrivateKey(pair),
				"ca.crt", Pem.write(List.of(AUTHORITY.certificate()))));
		assertThat(this.store.read()).isEqualTo(stored);
		Stored other = store(null).read();
		assertThat(other).isEqualTo(stored);
		assertThat(other.pair()).returns(List.of(AUTHORITY.certificate()), CertificatePair::authorities);
		int updates = this.plane.count(updates());
		assertThat(this.store.write(stored)).isEqualTo(stored);
		assertThat(this.plane.count(updates())).as("nothing has changed").isEqualTo(updates);
	}

	@Test
	void emptySecretOfTheDeploymentIsFilledWithoutThePermissionToCreate() {
		permitOnly("get", "list", "watch", "update");
		this.plane.secrets().put("shop", "shop-tls", Map.of("other", "kept"));
		CertificatePair pair = pair();
		this.store.write(this.store.read().withPair(pair, null));
		assertThat(secret()).containsEntry("other", "kept").containsEntry("tls.crt", Pem.write(pair.chain()));
	}

	@Test
	void readingIsALookAtTheMemoryAndAChangeIsSignalled() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), null));
		AtomicInteger changes = new AtomicInteger();
		SecretStore replica = store(null);
		assertThat(replica.onChange(changes::incrementAndGet)).isTrue();
		replica.read();
		awaitWatches(2);
		int requests = this.plane.requests().size();
		for (int i = 0; i < 100; i++) {
			assertThat(replica.read()).isEqualTo(stored);
		}
		CertificatePair next = pair();
		this.store.write(stored.withPair(next, null));
		await().untilAsserted(() -> assertThat(changes).hasValue(1));
		assertThat(replica.read().pair()).isEqualTo(next);
		assertThat(this.plane.requests()).as("one write").hasSize(requests + 1);
	}

	@Test
	void oneOfTwoWritesFailsAndFollowsTheOther() {
		SecretStore replica = store(null);
		for (String state : List.of("absent", "present")) {
			Stored before = replica.read();
			Stored winner = this.store.write(this.store.read().withPending(pending()));
			assertThatExceptionOfType(CertificateStore.ConflictException.class).as(state)
				.isThrownBy(() -> replica.write(before.withPending(pending())));
			assertThat(replica.read()).returns(winner.version(), Stored::version);
		}
	}

	@Test
	void answerThatIsLostIsNotKnownUntilTheSecretIsRead() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), null));
		PendingRequest pending = pending();
		this.plane.faults().next(1, updates()).answerAfter(500);
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.store.write(stored.withPending(pending)))
			.returns(Kind.UNAVAILABLE, StoreException::kind);
		assertThat(this.store.read().pending()).isNotNull()
			.matches((found) -> found.hasKey(pending.request().publicKey()));
	}

	@Test
	void lastStateRemainsWhileTheServerCannotBeReached() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), null));
		this.plane.pause();
		assertThat(this.store.read()).isEqualTo(stored);
		assertThatExceptionOfType(StoreException.class)
			.isThrownBy(() -> this.store.write(stored.withPending(pending())))
			.returns(Kind.UNAVAILABLE, StoreException::kind)
			.withMessageContaining("Cannot store in Secret shop/shop-tls: The API server at " + this.plane.url());
		assertThat(this.store.read()).isEqualTo(stored);
		this.plane.resume();
		this.plane.secrets().put("shop", "shop-tls", data(pair()));
		await().until(() -> !this.store.read().equals(stored));
	}

	@Test
	void serverThatCannotBeReachedIsReportedUntilItAnswers() {
		this.plane.pause();
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.store.read())
			.returns(Kind.UNAVAILABLE, StoreException::kind)
			.withMessageContaining("Cannot read Secret shop/shop-tls: The API server at " + this.plane.url());
		AtomicInteger changes = new AtomicInteger();
		this.store.onChange(changes::incrementAndGet);
		this.plane.resume();
		await().until(() -> changes.get() > 0);
		assertThat(this.store.read()).isEqualTo(new Stored(null, null, null, ""));
	}

	@Test
	void serverThatFailsIsNotAskedAtEachReading() {
		this.plane.faults().next(Integer.MAX_VALUE, (request) -> request.method().equals("GET")).answer(503);
		for (int i = 0; i < 10; i++) {
			assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.store.read());
		}
		assertThat(this.plane.count((request) -> request.path().endsWith("/shop-tls"))).isOne();
		this.clock.set(Duration.ofSeconds(6));
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.store.read());
		assertThat(this.plane.count((request) -> request.path().endsWith("/shop-tls"))).isEqualTo(2);
	}

	/** As in an outage of a few seconds, which the connection of a watch survives. */
	@Test
	void writeIsNotRefusedForAFailureThatIsOver() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), DEADLINE));
		awaitWatches(1);
		this.plane.faults().next(Integer.MAX_VALUE, (request) -> request.path().endsWith("/shop-tls")).answer(500);
		PendingRequest pending = pending();
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.store.write(stored.withPending(pending)))
			.withMessageStartingWith("Cannot store in ");
		assertThat(this.store.read()).isEqualTo(stored);
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.store.write(stored.withPending(pending)))
			.withMessageStartingWith("Cannot read ");
		this.plane.faults().clear();
		this.plane.clearRequests();
		this.store.write(stored.withPending(pending));
		assertThat(secret()).containsKey("request.pem");
		assertThat(this.plane.requests()).extracting(RecordedRequest::method).containsExactly("GET", "PUT");
		assertThat(this.plane.openWatches()).isOne();
	}

	/** Its versions are lower than those that are known. */
	@Test
	void secretOfARestoredBackupIsTakenFromTheList() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), DEADLINE));
		awaitWatches(1);
		this.plane.faults().next(Integer.MAX_VALUE, (request) -> request.path().endsWith("/shop-tls")).answer(500);
		this.plane.faults().resetResourceVersions();
		await().until(() -> !Objects.equals(this.store.read().version(), stored.version()));
		assertThat(this.store.read().pair()).isEqualTo(stored.pair());
		this.plane.faults().clear();
		this.store.write(this.store.read().withPending(pending()));
		assertThat(secret()).containsKey("request.pem");
	}

	@Test
	void deletedSecretIsStoredAgain() {
		Stored stored = this.store.write(this.store.read().withPending(pending()).withPair(pair(), DEADLINE));
		SecretStore replica = replica();
		this.plane.secrets().delete("shop", "shop-tls");
		await().until(() -> !this.store.read().equals(stored) && replica.read().equals(this.store.read()));
		assertThat(replica.read())
			.isEqualTo(new Stored(stored.pair(), stored.pending(), stored.deadline(), replica.read().version()));
		assertThat(secret()).containsKeys("tls.crt", "request.pem");
	}

	@Test
	void conflictWithoutEndIsNotRepeatedWithoutEnd() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), DEADLINE));
		use(this.store);
		awaitWatches(1);
		this.plane.faults().next(Integer.MAX_VALUE, (request) -> !request.method().equals("GET")).answer(409);
		this.plane.clearRequests();
		this.plane.secrets().delete("shop", "shop-tls");
		await().until(() -> !this.store.read().equals(stored));
		assertThat(this.store.read()).returns(stored.pair(), Stored::pair).returns(DEADLINE, Stored::deadline);
		assertThat(this.plane.count((request) -> request.method().equals("POST"))).isBetween(1, 5);
		this.plane.faults().clear();
		assertThat(this.store.read()).returns(stored.pair(), Stored::pair);
		assertThat(secret()).containsKey("tls.crt");
	}

	@Test
	void onlyAPairThatIsUsedIsCopiedAndStoredAgain() {
		SecretStore replica = store(copy());
		CertificatePair pair = pair();
		replica.write(replica.read().withPair(pair, DEADLINE));
		use(replica);
		awaitWatches(1);
		CertificatePair refused = pair();
		this.store.write(this.store.read().withPair(refused, DEADLINE));
		await().until(() -> refused.equals(replica.read().pair()));
		assertThat(copy().read().pair()).isEqualTo(pair);
		this.plane.secrets().put("shop", "shop-tls", Map.of("tls.crt", "", "tls.key", ""));
		await().until(() -> pair.equals(replica.read().pair()));
		assertThat(secret()).containsEntry("tls.crt", Pem.write(pair.chain()));
	}

	/** As by {@code kubectl apply} of the manifest during a rotation. */
	@Test
	void emptiedSecretIsStoredAgainByOneReplica() {
		PendingRequest pending = pending();
		Stored stored = this.store.write(this.store.read().withPending(pending).withPair(pair(), DEADLINE));
		SecretStore replica = replica();
		this.plane.clearRequests();
		this.plane.secrets().put("shop", "shop-tls", Map.of("tls.crt", "", "tls.key", ""));
		await().until(() -> !this.store.read().equals(stored) && !replica.read().equals(stored));
		await().until(() -> Objects.equals(replica.read().version(), this.store.read().version()));
		assertThat(store(null).read()).returns(stored.pair(), Stored::pair)
			.returns(DEADLINE, Stored::deadline)
			.matches((read) -> Objects.requireNonNull(read.pending()).hasKey(pending.request().publicKey()));
		assertThat(this.plane.count(updates().and((request) -> request.status() == 200))).isOne();
	}

	/** The request was denied, and there is no pair yet. */
	@Test
	void pendingRequestThatAReplicaRemovesIsNotStoredAgain() {
		Stored waiting = this.store.write(this.store.read().withPending(pending()));
		SecretStore replica = store(null);
		replica.read();
		awaitWatches(2);
		this.store.write(waiting.withPending(null));
		await().until(() -> replica.read().pending() == null);
		assertThat(secret()).doesNotContainKey("request.pem");
	}

	@ParameterizedTest
	@ValueSource(strings = { "tls.crt", "tls.key" })
	void damagedPairIsReportedAndReplaced(String key) {
		CertificatePair pair = pair();
		Stored stored = this.store.write(this.store.read().withPair(pair, null));
		awaitWatches(1);
		this.plane.secrets().put("shop", "shop-tls", Map.of(key, "garbage"));
		await().untilAsserted(() -> assertThatExceptionOfType(StoreException.class).isThrownBy(this.store::read)
			.returns(Kind.STORE, StoreException::kind)
			.withMessageStartingWith("The pair in Secret shop/shop-tls is damaged: "));
		this.store.write(stored.withPending(pending()));
		assertThat(secret()).containsAllEntriesOf(data(pair)).containsKey("request.pem");
	}

	@Test
	void replicaThatFindsADamagedPairReplacesItUnlessAnotherOneDoes() {
		this.plane.secrets().put("shop", "shop-tls", Map.of());
		this.store.write(this.store.read().withPair(pair(), null));
		this.plane.secrets().put("shop", "shop-tls", Map.of("tls.crt", "garbage"));
		SecretStore replica = store(null);
		SecretStore other = store(null);
		assertThatExceptionOfType(StoreException.class).isThrownBy(replica::read);
		assertThatExceptionOfType(StoreException.class).isThrownBy(other::read);
		replica.write(Stored.NOTHING.withPending(pending()));
		assertThatExceptionOfType(CertificateStore.ConflictException.class)
			.isThrownBy(() -> other.write(Stored.NOTHING.withPending(pending())));
		assertThat(secret()).containsEntry("tls.crt", "").containsKey("request.pem");
	}

	/** As if somebody added the authorities of the system. */
	@Test
	void bundleOfAuthoritiesIsLeftAlone() {
		CertificatePair pair = pair();
		this.store.write(this.store.read().withPair(pair, DEADLINE));
		String bundle = Pem.write(Collections.nCopies(25, AUTHORITY.certificate()));
		this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", bundle));
		SecretStore replica = store(null);
		assertThat(replica.read().pair()).isEqualTo(pair).returns(List.of(), CertificatePair::authorities);
		replica.write(replica.read().withPending(pending()));
		assertThat(secret()).containsEntry("ca.crt", bundle).containsKey("request.pem");
	}

	@Test
	void damagedRequestIsNone() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), null));
		this.plane.secrets().put("shop", "shop-tls", Map.of("request.pem", "garbage"));
		assertThat(store(null).read()).returns(stored.pair(), Stored::pair).returns(null, Stored::pending);
	}

	@Test
	void pairThatSomebodyEditsIsRead() {
		this.store.write(this.store.read().withPair(pair(), DEADLINE));
		awaitWatches(1);
		CertificatePair edited = pair();
		this.plane.secrets().put("shop", "shop-tls", data(edited));
		await().until(() -> edited.equals(this.store.read().pair()));
		assertThat(this.store.read().deadline()).as("that of another pair").isNull();
	}

	@Test
	void secretOfAnotherProgramIsLeftAlone() throws Exception {
		createAs("cert-manager-certificates-issuing", "kubernetes.io/tls", data(pair()));
		assertThat(this.store.foreignContent().join())
			.contains("contains a certificate that 'cert-manager-certificates-issuing' has stored");
		assertThatExceptionOfType(StoreException.class).isThrownBy(this.store::read)
			.withMessage("Secret shop/shop-tls cannot be used: it contains a certificate that "
					+ "'cert-manager-certificates-issuing' has stored");
		assertThatExceptionOfType(StoreException.class)
			.isThrownBy(() -> this.store.write(Stored.NOTHING.withPair(pair(), null)))
			.returns(Kind.OTHER, StoreException::kind);
		assertThat(this.plane.count(updates())).isZero();
	}

	@Test
	void secretOfAnotherTypeOrCertificateIsLeftAlone() throws Exception {
		createAs("kubectl-create", "Opaque", Map.of("password", "x"));
		assertThat(this.store.foreignContent().join()).contains("has the type Opaque, not kubernetes.io/tls");
		this.plane.secrets().delete("shop", "shop-tls");
		this.store = store(null);
		this.store.write(this.store.read().withPair(pair(), null));
		SecretStore other = store("other", true, null);
		assertThat(other.foreignContent().join()).contains("is managed for certificate 'shop'");
	}

	@Test
	void immutableSecretIsReportedWithTheRemedy() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), null));
		awaitWatches(1);
		this.plane.secrets().makeImmutable("shop", "shop-tls");
		await().until(() -> !Objects.equals(this.store.read().version(), stored.version()));
		assertThat(this.store.read().pair()).isEqualTo(stored.pair());
		assertThatExceptionOfType(StoreException.class)
			.isThrownBy(() -> this.store.write(this.store.read().withPending(pending())))
			.withMessage("Secret shop/shop-tls is immutable, so no pair can be stored in it. Delete it "
					+ "('kubectl delete secret --namespace shop shop-tls'): it is created again");
	}

	@Test
	void missingPermissionIsReportedWithTheRole() {
		permitOnly();
		assertThatExceptionOfType(StoreException.class).isThrownBy(this.store::read)
			.returns(Kind.UNAUTHORIZED, StoreException::kind)
			.withCauseInstanceOf(RequestException.class)
			.withMessageContainingAll("cannot get resource \"secrets\"", "name: secrets-user.shop.weak.shop-tls",
					"resourceNames: [\"shop-tls\"]", "verbs: [\"get\", \"list\", \"watch\", \"update\"]");
	}

	@Test
	void missingPermissionToCreateIsReportedWithBothWays() {
		permitOnly("get", "list", "watch", "update");
		Stored nothing = this.store.read();
		assertThatExceptionOfType(StoreException.class)
			.isThrownBy(() -> this.store.write(nothing.withPending(pending())))
			.returns(Kind.UNAUTHORIZED, StoreException::kind)
			.withMessageContainingAll("name: secrets-creator.shop.weak", "verbs: [\"create\"]")
			.withMessageEndingWith(
					"""
							Or the deployment creates the Secret, without a pair; then the application does not need this permission:
							apiVersion: v1
							kind: Secret
							metadata:
							  name: shop-tls
							  namespace: shop
							type: kubernetes.io/tls
							data:
							  tls.crt: ""
							  tls.key: ""
							"""
						.stripTrailing());
	}

	@Test
	void whoeverMayNotWatchReads() {
		this.store.write(this.store.read().withPair(pair(), null));
		permitOnly("get", "update");
		this.store.read();
		await().until(() -> this.plane
			.count((request) -> request.path().endsWith("/secrets") && request.status() == 403) > 0);
		CertificatePair other = pair();
		this.plane.secrets().put("shop", "shop-tls", data(other));
		await().until(() -> other.equals(this.store.read().pair()));
	}

	@Test
	void copyLetsAReplicaStartWithoutTheServer() {
		CertificatePair pair = pair();
		SecretStore first = store(copy());
		first.write(this.store.read().withPair(pair, DEADLINE));
		use(first);
		this.plane.pause();
		SecretStore replica = store(copy());
		assertThat(replica.read()).isEqualTo(new Stored(pair, null, null, null));
		this.plane.resume();
		await().until(() -> replica.read().deadline() != null);
	}

	@Test
	void copyFollowsTheSecretAndIsWrittenOnce() throws IOException {
		SecretStore replica = store(copy());
		replica.read();
		CertificatePair pair = pair();
		this.store.write(this.store.read().withPair(pair, DEADLINE));
		await().until(() -> pair.equals(replica.read().pair()));
		use(replica);
		assertThat(copy().read().pair()).isEqualTo(pair);
		use(store(copy()));
		replica.write(replica.read().withPending(pending()));
		assertThat(this.directory.resolve("pki").toFile().list()).hasSize(2);
	}

	/** As when the store is changed from files to a Secret. */
	@Test
	void pairInFilesIsSharedIfTheSecretIsEmpty() {
		CertificatePair pair = pair();
		copy().write(Stored.NOTHING.withPair(pair, null));
		assertThat(store(copy()).read().pair()).isEqualTo(pair);
		assertThat(secret()).containsEntry("tls.crt", Pem.write(pair.chain()));
	}

	@Test
	void nothingIsWrittenWhereRotationIsOff() {
		copy().write(Stored.NOTHING.withPair(pair(), null));
		SecretStore reader = store("shop", false, copy());
		assertThat(reader.read().pair()).isNull();
		assertThat(this.plane.count((request) -> !request.method().equals("GET"))).isZero();
	}

	private SecretStore store(@Nullable CertificateStore copy) {
		return store("shop", true, copy);
	}

	private SecretStore store(String certificate, boolean rotates, @Nullable CertificateStore copy) {
		ApiClientProvider clients = new ApiClientProvider(this.kubeconfig, null, null, Adapter::daemon,
				Clock.systemUTC());
		SecretStore store = new SecretStore("shop", "shop-tls", certificate, rotates, copy, clients, this.clock);
		this.closed.addAll(List.of(clients, store));
		return store;
	}

	private CertificateStore copy() {
		return new FileCertificateStore(this.directory.resolve("pki"), "shop", null, 5, Clock.systemUTC());
	}

	/** Goes on as a user that has only these permissions. */
	private void permitOnly(String... verbs) {
		this.plane.allow("system:serviceaccount:shop:weak", Set.of(verbs), "secrets", "shop-tls");
		this.kubeconfig = this.plane.writeKubeconfig(this.directory, this.plane.addServiceAccount("shop", "weak"));
		this.store = store(null);
	}

	/** Uses the pair in the Secret, as a further replica does from then on. */
	private SecretStore replica() {
		SecretStore replica = store(null);
		use(this.store);
		use(replica);
		awaitWatches(2);
		return replica;
	}

	private static void use(SecretStore store) {
		Stored stored = store.read();
		store.keep(Objects.requireNonNull(stored.pair()), stored.deadline());
	}

	private void awaitWatches(int count) {
		await().until(() -> this.plane.openWatches() == count);
	}

	private SortedMap<String, String> secret() {
		return this.plane.secrets().find("shop", "shop-tls").orElseThrow();
	}

	private static Predicate<RecordedRequest> updates() {
		return (request) -> request.method().equals("PUT");
	}

	private static Map<String, String> data(CertificatePair pair) {
		return Map.of("tls.crt", Pem.write(pair.chain()), "tls.key", Pem.writePrivateKey(pair));
	}

	private static CertificatePair pair() {
		Instant now = Instant.now();
		return AUTHORITY.pair(TEMPLATE, now.minusSeconds(60), now.plus(Duration.ofDays(1)));
	}

	private static PendingRequest pending() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return new PendingRequest(Adapter.newRequest("shop-1", "shop", keys), keys.getPrivate(),
				KeySpecification.EC_P256, null);
	}

	/** Creates the Secret as another program does. */
	private void createAs(String manager, String type, Map<String, String> data) throws Exception {
		ApiClient admin = Adapter.client(this.plane.writeKubeconfig(this.directory, this.plane.admin()));
		JsonObject secret = ApiObjects
			.object(Map.of("metadata", Map.of("name", "shop-tls"), "type", type, "stringData", data));
		String path = "/api/v1/namespaces/shop/secrets?fieldManager=" + manager;
		try (Response answer = ApiObjects.create(admin, path, secret).execute()) {
			assertThat(answer.code()).isEqualTo(201);
		}
	}

}
