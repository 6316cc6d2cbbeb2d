package io.kubelet.cert.testsupport;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1Node;
import io.kubernetes.client.openapi.models.V1NodeAddress;
import io.kubernetes.client.openapi.models.V1NodeStatus;
import io.kubernetes.client.openapi.models.V1ObjectMeta;

/**
 * A Node object that an administrator of the control plane writes.
 */
public final class TestNode {

	private final CoreV1Api api;

	private final String name;

	public TestNode(EmbeddedControlPlane controlPlane, Path directory, String name) {
		this.api = new CoreV1Api(TestClients.create(controlPlane.writeKubeconfig(directory, controlPlane.admin())));
		this.name = name;
	}

	/** Create the node, with addresses as in {@code InternalIP=10.0.0.1}. */
	public void create(String... addresses) throws ApiException {
		this.api.createNode(new V1Node().metadata(new V1ObjectMeta().name(this.name)).status(status(addresses)))
			.execute();
	}

	/** Put these addresses in place of those there are. */
	public void readdress(String... addresses) throws ApiException {
		V1Node node = this.api.readNode(this.name).execute();
		this.api.replaceNodeStatus(this.name, node.status(status(addresses))).execute();
	}

	public void delete() throws ApiException {
		this.api.deleteNode(this.name).execute();
	}

	private static V1NodeStatus status(String... addresses) {
		List<V1NodeAddress> list = Arrays.stream(addresses).map((address) -> {
			int equals = address.indexOf('=');
			return new V1NodeAddress().type(address.substring(0, equals)).address(address.substring(equals + 1));
		}).toList();
		return new V1NodeStatus().addresses(list);
	}

}
