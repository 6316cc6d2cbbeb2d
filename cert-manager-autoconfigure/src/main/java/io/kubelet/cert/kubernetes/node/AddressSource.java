package io.kubelet.cert.kubernetes.node;

import java.util.List;

/**
 * Knows the addresses of this process at the moment. Used from several threads.
 */
public interface AddressSource {

	/**
	 * Return the addresses. Must not block.
	 * @return the addresses, empty if they are not known yet
	 */
	List<NodeAddress> addresses();

	/**
	 * Say whose addresses these are, and why they are not known if that is so.
	 * @return the text, such as {@code addresses of node n1}
	 */
	String description();

	/**
	 * Registers a callback for changes.
	 * @param changed the callback, which does not block
	 * @return whether the callback is run at every change, {@code false} by default
	 */
	default boolean onChange(Runnable changed) {
		return false;
	}

}
