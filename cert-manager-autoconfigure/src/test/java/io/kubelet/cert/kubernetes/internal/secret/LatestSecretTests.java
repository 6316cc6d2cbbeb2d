package io.kubelet.cert.kubernetes.internal.secret;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LatestSecret}: the order in which watch and answers come.
 *
 * @see LatestSecret
 * @see FieldManagers
 */
class LatestSecretTests {

	private final LatestSecret latest = new LatestSecret(new SecretApi("shop", "shop-tls", () -> {
		throw new IllegalStateException("Nothing is to be read");
	}));

	@Test
	void answerFromBeforeADeletionDoesNotBringTheSecretBack() {
		this.latest.changed(secret(99));
		SecretObject before = this.latest.get(true);
		this.latest.changed(secret(100));
		this.latest.deleted(secret(101));
		assertThat(this.latest.update(this.latest.get(true), SecretObject.ABSENT)).isSameAs(SecretObject.ABSENT);
		assertThat(this.latest.update(before, new SecretObject(secret(100)))).isSameAs(SecretObject.ABSENT);
		assertThat(this.latest.get(true)).isSameAs(SecretObject.ABSENT);
		assertThat(this.latest.update(SecretObject.ABSENT, new SecretObject(secret(102))).version()).isEqualTo("102");
	}

	@Test
	void answerOfARestoredServerCountsIfNothingElseHasBecomeKnown() {
		this.latest.changed(secret(99));
		this.latest.deleted(secret(101));
		SecretObject restored = new SecretObject(secret(50));
		assertThat(this.latest.update(this.latest.get(true), restored)).isSameAs(restored);
	}

	/** Whoever answers in place of an API server may send anything. */
	@Test
	void managedFieldsThatAreNoObjectsNameNoWriter() {
		SecretObject secret = new SecretObject(JsonParser
			.parseString(
					"""
							{"metadata": {"managedFields": ["a", null, {"fieldsV1": {"f:data": {"f:tls.crt": {}}}, "manager": "b"}]}}
							""")
			.getAsJsonObject());
		assertThat(secret.otherWriter()).isEqualTo("b");
	}

	private static JsonObject secret(int version) {
		return JsonParser.parseString("{'metadata': {'resourceVersion': '%d'}}".formatted(version)).getAsJsonObject();
	}

}
