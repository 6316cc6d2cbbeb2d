package io.kubelet.cert.test;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The embedded control plane answers as a real API server did. The scenarios are replayed
 * one after the other on one control plane, in the order in which they were recorded:
 * later ones meet what earlier ones left behind.
 *
 * @see io.kubelet.cert.test.resource.CertificateSigningRequests
 * @see io.kubelet.cert.test.resource.CertificateSigningRequestValidation
 * @see io.kubelet.cert.test.pki.SigningRequest
 * @see io.kubelet.cert.test.resource.Nodes
 * @see io.kubelet.cert.test.api.ApiFailure
 * @see io.kubelet.cert.test.api.RequestBody
 * @see io.kubelet.cert.test.json.Json
 * @see io.kubelet.cert.test.server.Discovery
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecordingReplayTests {

	@AutoClose
	private final Replay replay = new Replay();

	@ParameterizedTest
	@ValueSource(strings = { "discovery", "who-am-i", "unauthenticated", "forbidden", "issue-kubelet-client",
			"issue-expiration-600", "issue-rsa2048", "issue-ed25519", "issue-kubelet-serving", "issue-apiserver-client",
			"failed-wrong-organization", "failed-san-on-client", "failed-wrong-usage", "denied", "external-signer",
			"external-signer-garbage", "already-exists", "update-main", "deleted-while-watched", "list", "validation",
			"malformed", "renew-as-node", "node-addresses", "root-ca-configmap", "watch-too-old" })
	void answersAsRecorded(String scenario) throws Exception {
		if (scenario.equals("watch-too-old")) {
			// It was recorded after a restart of the API server
			this.replay.forgetHistory();
		}
		this.replay.run(scenario);
	}

	@ParameterizedTest
	@ValueSource(strings = { "cm-issue,cm-issue-defaults,cm-issuer-defaults,cm-issuer-absent,cm-external-issuer,"
			+ "cm-pending,cm-denied,cm-failed,cm-validation,cm-already-exists,cm-deleted-while-watched,cm-list,"
			+ "cm-discovery,cm-csr-issue,cm-csr-issuer-absent", "cm-approve-own" })
	void answersAboutCertManagerAsRecorded(String scenarios) throws Exception {
		try (Replay replay = new Replay()) {
			replay.installCertManager();
			for (String scenario : scenarios.split(",")) {
				replay.run(scenario);
			}
		}
	}

	@Test
	void answersAboutSecretsAsRecorded() throws Exception {
		try (Replay replay = new Replay()) {
			replay.compareFieldManagers();
			replay.run("tls-secret");
		}
	}

	@Test
	void answersAboutTrustBundlesAsRecorded() throws Exception {
		try (Replay replay = new Replay("v1beta1")) {
			replay.run("trust-bundles");
		}
	}

}
