package io.kubelet.cert.certificate.trust;

import org.jspecify.annotations.Nullable;

/**
 * What is made of a value, and made again when the value changes.
 *
 * @param <K> the type of value
 * @param <V> the type of what is made of it
 * @param <X> the type of exception that making it throws
 */
public final class Cached<K, V, X extends Exception> {

	private final Maker<K, V, X> maker;

	private @Nullable K key;

	private @Nullable V made;

	/**
	 * Creates a cache that is empty.
	 * @param maker makes something of a value
	 */
	public Cached(Maker<K, V, X> maker) {
		this.maker = maker;
	}

	/**
	 * Returns what is made of a value.
	 * @param key the current value. It is read before, because nothing is to be locked
	 * while that hangs.
	 * @return the same as for the last value if that was equal
	 * @throws X if it cannot be made
	 */
	public synchronized V of(K key) throws X {
		V made = this.made;
		if (made == null || !key.equals(this.key)) {
			made = this.maker.make(key);
			this.made = made;
			this.key = key;
		}
		return made;
	}

	/**
	 * Makes something of a value.
	 *
	 * @param <K> the type of value
	 * @param <V> the type of what is made of it
	 * @param <X> the type of exception
	 */
	public interface Maker<K, V, X extends Exception> {

		/**
		 * Makes it.
		 * @param key the value
		 * @return what is made of it
		 * @throws X if it cannot be made
		 */
		V make(K key) throws X;

	}

}
