package io.kubelet.cert.kubernetes.node;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * The addresses of the pod that this process runs in: {@code POD_IP}, {@code POD_IPS} and
 * {@code POD_NAME}, which the pod's manifest fills from {@code status.podIP},
 * {@code status.podIPs} and {@code metadata.name}. Without the first two, the addresses
 * of the network interfaces, which in a pod are its own.
 */
public final class PodAddresses implements AddressSource {

	private final List<NodeAddress> addresses = new ArrayList<>();

	private final @Nullable AddressSource interfaces;

	/**
	 * Read the environment, which does not change while a process runs.
	 * @param environment returns the value of a variable, {@code null} if it is not set
	 * @param interfaces the addresses to use if it says none
	 */
	public PodAddresses(Function<String, @Nullable String> environment, AddressSource interfaces) {
		add(NodeAddress.Type.INTERNAL_IP, environment.apply("POD_IP"));
		add(NodeAddress.Type.INTERNAL_IP, environment.apply("POD_IPS"));
		this.interfaces = this.addresses.isEmpty() ? interfaces : null;
		add(NodeAddress.Type.HOSTNAME, environment.apply("POD_NAME"));
	}

	@Override
	public List<NodeAddress> addresses() {
		List<NodeAddress> addresses = new ArrayList<>(this.addresses);
		if (this.interfaces != null) {
			addresses.addAll(this.interfaces.addresses());
		}
		return addresses;
	}

	/** The environment does not change; the interfaces do. */
	@Override
	public boolean onChange(Runnable changed) {
		return this.interfaces == null;
	}

	@Override
	public String description() {
		return "addresses of the pod (POD_IP, POD_IPS, POD_NAME)";
	}

	/** {@code POD_IPS} is a list with commas. */
	private void add(NodeAddress.Type type, @Nullable String values) {
		for (String value : (values != null) ? values.split("[,\\s]+") : new String[0]) {
			if (!value.isEmpty()) {
				this.addresses.add(new NodeAddress(type, value));
			}
		}
	}

}
