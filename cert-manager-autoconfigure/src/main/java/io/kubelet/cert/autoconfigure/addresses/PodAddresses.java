package io.kubelet.cert.autoconfigure.addresses;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * The addresses of the pod in which this process runs: {@code POD_IP}, {@code POD_IPS}
 * and {@code POD_NAME}, which the manifest of the pod sets to {@code status.podIP},
 * {@code status.podIPs} and {@code metadata.name}. If neither of the first two is set,
 * the addresses of the network interfaces are used, which in a pod are its own.
 */
final class PodAddresses implements AddressSource {

	private final List<NodeAddress> addresses = new ArrayList<>();

	private final @Nullable AddressSource interfaces;

	/**
	 * Creates a source. Reads the environment, which does not change while a process
	 * runs.
	 * @param environment returns the value of a variable, {@code null} if it is not set
	 * @param interfaces the addresses to use if the environment contains none
	 */
	PodAddresses(Function<String, @Nullable String> environment, AddressSource interfaces) {
		add(NodeAddress.Type.IP, environment.apply("POD_IP"));
		add(NodeAddress.Type.IP, environment.apply("POD_IPS"));
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

	/** {@code POD_IPS} is separated by commas. */
	private void add(NodeAddress.Type type, @Nullable String values) {
		for (String value : (values != null) ? values.split("[,\\s]+") : new String[0]) {
			if (!value.isEmpty()) {
				this.addresses.add(new NodeAddress(type, value));
			}
		}
	}

}
