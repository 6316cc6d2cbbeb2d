package io.kubelet.cert.kubernetes.internal.secret;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.ShopAccount;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SecretStore} with a Secret that others delete, edit or own.
 *
 * @see SecretStore
 * @see SecretObject
 */
class ForeignSecretTests extends SecretStoreFixture {

	/**
	 * As by {@code kubectl apply} or {@code create} of the manifest during a rotation.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "deleted", "emptied", "created again" })
	void secretThatIsDeletedOrEmptiedIsStoredAgainByOneReplica(String change) throws Exception {
		Stored stored = this.store.write(this.store.read().withPending(pending()).withPair(pair(), DEADLINE));
		SecretStore replica = store(null);
		use(this.store);
		use(replica);
		awaitWatches(2);
		Map<String, String> noPair = Map.of("tls.crt", "", "tls.key", "");
		if (change.equals("emptied")) {
			this.plane.secrets().put("shop", "shop-tls", noPair);
		}
		else {
			this.plane.secrets().delete("shop", "shop-tls");
		}
		if (change.equals("created again")) {
			createAs("kubectl-create", "kubernetes.io/tls", noPair);
		}
		this.plane.clearRequests();
		await().until(() -> restore(this.store, stored) && restore(replica, stored)
				&& Objects.equals(replica.read().version(), this.store.read().version()));
		assertThat(store(null).read())
			.isEqualTo(new Stored(stored.pair(), stored.pending(), stored.deadline(), replica.read().version()));
		assertThat(this.plane.count((request) -> !request.method().equals("GET") && request.status() < 300)).isOne();
	}

	@Test
	void conflictWithoutEndIsNotRepeatedWithoutEnd() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), DEADLINE));
		use(this.store);
		awaitWatches(1);
		this.plane.faults().next(Integer.MAX_VALUE, (request) -> !request.method().equals("GET")).answer(409);
		this.plane.clearRequests();
		this.plane.secrets().delete("shop", "shop-tls");
		await().until(() -> this.store.read().pair() == null);
		assertThat(restore(this.store, stored)).isFalse();
		assertThat(this.plane.count((request) -> request.method().equals("POST"))).isOne();
		this.plane.faults().clear();
		await().until(() -> restore(this.store, stored));
		assertThat(secret()).containsKey("tls.crt");
	}

	@Test
	void pendingRequestThatAReplicaHasNotReadIsStoredAgainToo() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), DEADLINE));
		use(this.store);
		SecretStore replica = store(null);
		use(replica);
		awaitWatches(2);
		this.store.close();
		AtomicInteger changes = new AtomicInteger();
		replica.onChange(changes::incrementAndGet);
		PendingRequest pending = pending();
		this.store.write(stored.withPending(pending));
		this.plane.secrets().delete("shop", "shop-tls");
		await().until(() -> changes.get() == 2);
		assertThat(replica.read()).returns(pending, Stored::pending).returns(null, Stored::pair);
		restore(replica, stored);
		assertThat(secret()).containsKey("request.pem");
	}

	@Test
	void onlyAPairThatIsUsedIsCopied() {
		SecretStore replica = store(copy());
		CertificatePair pair = pair();
		replica.write(replica.read().withPair(pair, DEADLINE));
		use(replica);
		awaitWatches(1);
		CertificatePair refused = pair();
		this.store.write(this.store.read().withPair(refused, DEADLINE));
		await().until(() -> refused.equals(replica.read().pair()));
		assertThat(copy().read().pair()).isEqualTo(pair);
	}

	/** Until a pair is used, which is stored again then. */
	@Test
	void copyTakesThePlaceOfAPairThatWasRemovedBeforeTheStart() {
		CertificatePair pair = pair();
		copy().write(Stored.NOTHING.withPair(pair, null));
		this.plane.secrets().put("shop", "shop-tls", Map.of("tls.crt", "", "tls.key", ""));
		SecretStore replica = store(copy());
		assertThat(replica.read().pair()).isEqualTo(pair);
		use(replica);
		assertThat(replica.read().pair()).isNull();
	}

	@Test
	void repairsAndTheOtherWriterAreKnownToAllReplicas() throws Exception {
		Stored stored = this.store.write(this.store.read().withPair(pair(), DEADLINE));
		editAs("backup", pair());
		await().until(() -> this.store.read().deadline() == null);
		assertThat(this.store.read().findings().otherWriter()).isEqualTo("backup");
		SecretStore replica = store(null);
		assertThat(replica.read().findings().otherWriter()).isEqualTo("backup");
		List<Instant> repairs = List.of(DEADLINE.minusSeconds(60), DEADLINE);
		this.store
			.write(this.store.read().withPair(Objects.requireNonNull(stored.pair()), DEADLINE).withRepairs(repairs));
		assertThat(store(null).read()).returns(repairs, Stored::repairs).returns(stored.pair(), Stored::pair);
		assertThat(this.store.read().pair()).isEqualTo(stored.pair());
		assertThat(this.store.read().findings().otherWriter()).isEqualTo("backup");
		await().until(() -> replica.read().repairs().equals(repairs));
		assertThat(replica.read().findings().otherWriter()).isEqualTo("backup");
		edit("kubectl-label", (secret) -> ApiObjects.member(secret, "metadata").remove("labels"));
		await().until(() -> this.store.read().findings().isIncomplete());
		assertThat(this.store.read().findings().otherWriter()).isEmpty();
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
	void authoritiesThatOthersAddAreLeftAloneAndDoNotCount() {
		TestAuthority namesake = new TestAuthority("authority");
		CertificatePair pair = pair().withAuthorities(List.of(namesake.certificate(), AUTHORITY.certificate()));
		Stored stored = this.store.write(this.store.read().withPair(pair, DEADLINE));
		assertThat(stored.pair()).returns(List.of(AUTHORITY.certificate()), CertificatePair::authorities);
		String bundle = Pem.write(
				Stream
					.concat(Collections.nCopies(25, namesake.certificate()).stream(),
							Stream.of(AUTHORITY.certificate(), new TestAuthority("foreign").certificate()))
					.toList());
		this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", bundle));
		SecretStore replica = store(null);
		assertThat(replica.read().pair()).isEqualTo(pair)
			.returns(List.of(AUTHORITY.certificate()), CertificatePair::authorities);
		replica.write(replica.read().withPending(pending()));
		assertThat(secret()).containsEntry("ca.crt", bundle).containsKey("request.pem");
	}

	@Test
	void rotationReplacesItsOwnAuthoritiesOnly() {
		TestAuthority foreign = new TestAuthority("foreign");
		CertificatePair pair = pair().withAuthorities(List.of(AUTHORITY.certificate()));
		this.store.write(this.store.read().withPair(pair, DEADLINE));
		this.plane.secrets()
			.put("shop", "shop-tls",
					Map.of("ca.crt", Pem.write(List.of(AUTHORITY.certificate(), foreign.certificate()))));
		SecretStore replica = store(null);
		replica.write(replica.read().withPair(pair(), DEADLINE));
		assertThat(secret()).containsEntry("ca.crt", Pem.write(List.of(foreign.certificate())));
		replica.write(replica.read().withPair(pair, DEADLINE));
		assertThat(secret()).containsEntry("ca.crt",
				Pem.write(List.of(AUTHORITY.certificate(), foreign.certificate())));
	}

	/** As a client that knows no intermediate authority needs it. */
	@Test
	void rootAboveThatOfSignerCaFileStaysWhereSomebodyHasAddedIt() {
		TestAuthority intermediate = AUTHORITY.intermediate("intermediate");
		this.check = IssuedCertificateCheck.ofAuthorities(() -> List.of(intermediate.certificate()));
		SecretStore replica = store(null);
		replica.write(replica.read().withPair(pair(intermediate), DEADLINE));
		use(replica);
		String root = Pem.write(List.of(AUTHORITY.certificate()));
		this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", root));
		SecretStore other = store(null);
		use(other);
		other.write(other.read().withPair(pair(intermediate), DEADLINE));
		assertThat(secret()).containsEntry("ca.crt", root);
	}

	private static CertificatePair pair(TestAuthority intermediate) {
		CertificatePair pair = intermediate.pair("shop");
		return new CertificatePair(List.of(pair.leaf(), intermediate.certificate()), pair.privateKey());
	}

	@Test
	void damagedRequestIsNone() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), null));
		this.plane.secrets().put("shop", "shop-tls", Map.of("request.pem", "garbage"));
		assertThat(store(null).read()).returns(stored.pair(), Stored::pair).returns(null, Stored::pending);
	}

	@Test
	void secretOfAnotherTypeOrProgramIsLeftAlone() throws Exception {
		createAs("kubectl-create", "Opaque", Map.of("password", "x"));
		assertThat(store(null).foreignContent()).contains("has the type Opaque, not kubernetes.io/tls");
		this.plane.secrets().delete("shop", "shop-tls");
		createAs("cert-manager-certificates-issuing", "kubernetes.io/tls", data(pair()));
		String content = "contains a certificate that 'cert-manager-certificates-issuing' has stored";
		assertThat(this.store.foreignContent()).contains(content);
		assertThatExceptionOfType(StoreException.class).isThrownBy(this.store::read)
			.withMessage("Secret shop/shop-tls cannot be used: it " + content);
		assertThatExceptionOfType(StoreException.class)
			.isThrownBy(() -> this.store.write(Stored.NOTHING.withPair(pair(), null)))
			.returns(Kind.OTHER, StoreException::kind);
		assertThat(this.plane.count(updates())).isZero();
	}

	/** As Terraform with a resource whose data it ignores. */
	@Test
	void ownPairStaysThatWithoutTheLabelWhichIsWrittenAgain() throws Exception {
		Stored stored = this.store.write(this.store.read().withPair(pair(), DEADLINE));
		awaitWatches(1);
		edit("terraform", ShopAccount::removeMarks);
		await().until(() -> this.store.read().deadline() == null);
		assertThat(store(null).foreignContent()).isEmpty();
		assertThat(this.store.read()).returns(stored.pair(), Stored::pair)
			.returns(true, (read) -> read.findings().isIncomplete());
		this.store.write(this.store.read().withPair(Objects.requireNonNull(stored.pair()), DEADLINE));
		assertThat(store(null).read()).returns(DEADLINE, Stored::deadline)
			.returns(false, (read) -> read.findings().isIncomplete());
		assertThat(store("other", true, null).foreignContent())
			.contains("is managed for certificate 'shop' by its label cert.kubelet.io/certificate");
	}

	/** The annotation still has the name of before. */
	@Test
	void pairOfACertificateThatWasRenamedStaysItsOwnWithoutTheLabel() throws Exception {
		this.store.write(this.store.read().withPair(pair(), DEADLINE));
		edit("kubectl-label", (secret) -> ApiObjects.member(ApiObjects.member(secret, "metadata"), "labels")
			.addProperty("cert.kubelet.io/certificate", "renamed"));
		SecretStore renamed = store("renamed", true, null);
		renamed.read();
		edit("kubectl-label", (secret) -> ApiObjects.member(secret, "metadata").remove("labels"));
		await().until(() -> renamed.read().findings().isIncomplete());
		assertThat(renamed.foreignContent()).isEmpty();
	}

	/**
	 * Of a Secret that was deployed without a pair, while its first request is pending.
	 */
	@Test
	void ownRequestStaysThatWithoutTheLabel() throws Exception {
		createAs("terraform", "kubernetes.io/tls", Map.of("tls.crt", "", "tls.key", ""));
		PendingRequest pending = pending();
		this.store.write(this.store.read().withPending(pending));
		edit("terraform", ShopAccount::removeMarks);
		SecretStore replica = store(null);
		assertThat(replica.foreignContent()).isEmpty();
		assertThat(replica.read().pending()).isEqualTo(pending);
	}

	/** As {@code kubectl label}, which leaves the annotations. */
	@Test
	void pairOfAnotherApplicationIsLeftAloneAlthoughItHasLostTheLabel() throws Exception {
		this.store.write(this.store.read().withPair(pair(), DEADLINE));
		edit("kubectl-label", (secret) -> ApiObjects.member(secret, "metadata").remove("labels"));
		assertThat(store("other", true, null).foreignContent())
			.contains("is managed for certificate 'shop' by its annotation cert.kubelet.io/certificate");
		assertThat(store(null).foreignContent()).isEmpty();
	}

	/** As {@code kubectl replace}. Whoever starts cannot know it. */
	@Test
	void replicaThatHasWrittenASecretUsesItWhateverElseReplacesItsContent() throws Exception {
		this.store.write(this.store.read().withPair(pair(), DEADLINE));
		awaitWatches(1);
		CertificatePair other = pair();
		edit("kubectl-replace", (secret) -> {
			ShopAccount.removeMarks(secret);
			secret.add("stringData", ApiObjects.object(data(other)));
		});
		await().until(() -> this.store.read().deadline() == null);
		assertThat(store(null).foreignContent()).contains("contains a certificate that 'kubectl-replace' has stored");
		assertThat(this.store.read().pair()).isEqualTo(other);
		this.store.write(this.store.read().withPending(pending()));
		assertThat(store(null).foreignContent()).isEmpty();
	}

	@Test
	void secretOfAnotherCertificateIsLeftAlone() {
		this.store.write(this.store.read().withPair(pair(), null));
		assertThat(store("other", true, null).foreignContent())
			.contains("is managed for certificate 'shop' by its label cert.kubelet.io/certificate");
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

	/** Stores a pair again that is missing, as those do who use it. */
	private static boolean restore(SecretStore store, Stored stored) {
		Stored read = store.read();
		try {
			if (read.pair() == null) {
				store.write(read.withPair(Objects.requireNonNull(stored.pair()), stored.deadline()));
			}
			return !store.read().equals(stored);
		}
		catch (CertificateStore.ConflictException ex) {
			return false;
		}
	}

	/** Changes the pair as another program does. */
	private void editAs(String manager, CertificatePair pair) throws Exception {
		edit(manager, (secret) -> secret.add("stringData", ApiObjects.object(data(pair))));
	}

	private void edit(String manager, Consumer<JsonObject> change) throws Exception {
		ShopAccount.editSecret(this.plane, this.directory, manager, change);
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
