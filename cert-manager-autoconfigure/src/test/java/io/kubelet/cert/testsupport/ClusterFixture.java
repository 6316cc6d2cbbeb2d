package io.kubelet.cert.testsupport;

import java.nio.file.Path;

import io.kubelet.cert.test.EmbeddedControlPlane;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/**
 * Applications on a control plane of their own.
 */
public abstract class ClusterFixture {

	@AutoClose
	protected final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	@TempDir
	@SuppressWarnings("NullAway.Init")
	protected Path directory;

	/** An application that asks for the client certificate of a node. */
	protected ApplicationContextRunner node(Class<?>... autoConfigurations) {
		return CertificateContexts.starter(autoConfigurations)
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.template.common-name=system:node:n1",
					"kubelet.cert.template.organizations=system:nodes");
	}

}
