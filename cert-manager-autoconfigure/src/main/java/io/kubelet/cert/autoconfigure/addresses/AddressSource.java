package io.kubelet.cert.autoconfigure.addresses;

import java.util.List;

/**
 * Provides the addresses of this process. Implementations are thread-safe.
 */
public interface AddressSource {

	/**
	 * Returns the current addresses. Does not block.
	 * @return the addresses, empty if they are not known yet
	 */
	List<NodeAddress> addresses();

	/**
	 * Describes whose addresses these are and, if they are not known, why.
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
