package io.kubelet.cert.replicas;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import io.kubelet.cert.test.EmbeddedControlPlane;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * What an application that cannot use its Secret tells its operator, as it is printed.
 */
@ExtendWith(OutputCaptureExtension.class)
class SharedStartFailureTests {

	private static final String ACCOUNT = "system:serviceaccount:shop:shop";

	@AutoClose
	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@BeforeEach
	void permitRequests() {
		this.plane.behavior().sign("example.com/shop");
		this.plane.allow(ACCOUNT, Set.of("create", "get", "list", "watch"), "certificatesigningrequests");
	}

	@Test
	void secretOfAnotherProgramIsRefusedWithTheRemedies(CapturedOutput output) {
		this.plane.allow(ACCOUNT, Set.of("get", "list", "watch", "update"), "secrets", "shop-tls");
		this.plane.secrets().put("shop", "shop-tls", Map.of("tls.crt", "of somebody", "tls.key", "else"));
		fails();
		assertThat(output).contains("configuration property 'kubelet.cert.store.secret'",
				"The Secret contains a certificate that another program has stored. It is left as it is: "
						+ "name another Secret, or set 'kubelet.cert.rotate-certificates' to false, mount the Secret as "
						+ "a volume and set 'kubelet.cert.tls-cert-file' to its file");
		assertThat(this.plane.certificateSigningRequests()).isEmpty();
		assertThat(this.plane.secrets().find("shop", "shop-tls").orElseThrow()).containsEntry("tls.crt", "of somebody");
	}

	@Test
	void missingPermissionIsReportedWithTheRole(CapturedOutput output) {
		fails();
		assertThat(output).contains("Cannot read Secret shop/shop-tls", "kind: Role",
				"  resourceNames: [\"shop-tls\"]\n  verbs: [\"get\", \"list\", \"watch\", \"update\"]",
				"Grant the permission with the rule above");
		assertThat(this.plane.certificateSigningRequests()).isEmpty();
	}

	@Test
	void nodeThatBootstrapsSharesNothing(CapturedOutput output) {
		fails("kubernetes.bootstrap-kubeconfig=" + this.plane.writeKubeconfig(this.directory),
				"kubernetes.kubeconfig=" + this.directory.resolve("kubelet.conf"));
		assertThat(output).contains("configuration property 'kubelet.cert.store.type'", "set this property to 'file'");
	}

	private void fails(String... properties) {
		Path kubeconfig = this.plane.writeKubeconfig(this.directory, this.plane.addServiceAccount("shop", "shop"));
		String[] arguments = Stream
			.concat(Stream.of("kubernetes.kubeconfig=" + kubeconfig, "pair-name=shop", "store.type=secret",
					"store.secret=shop-tls", "signer-name=example.com/shop", "template.common-name=shop",
					"startup.timeout=10s"), Stream.of(properties))
			.map((property) -> "--kubelet.cert." + property)
			.toArray(String[]::new);
		assertThatException()
			.isThrownBy(() -> new SpringApplicationBuilder(Replicas.Application.class).web(WebApplicationType.NONE)
				.run(arguments));
	}

}
