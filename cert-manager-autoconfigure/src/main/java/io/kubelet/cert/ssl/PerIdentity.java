package io.kubelet.cert.ssl;

import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * An object that is created once for each identity.
 *
 * @param <T> the type of object
 */
final class PerIdentity<T> implements Supplier<T> {

	private final Supplier<Identity> identity;

	private final Function<Identity, T> maker;

	private volatile @Nullable Made<T> made;

	PerIdentity(Supplier<Identity> identity, Function<Identity, T> maker) {
		this.identity = identity;
		this.maker = maker;
	}

	@Override
	public T get() {
		Identity identity = this.identity.get();
		Made<T> made = this.made;
		return (made != null && made.identity.equals(identity)) ? made.value : make(identity);
	}

	private synchronized T make(Identity identity) {
		Made<T> made = this.made;
		if (made == null || !made.identity.equals(identity)) {
			made = new Made<>(identity, this.maker.apply(identity));
			this.made = made;
		}
		return made.value;
	}

	private record Made<T>(Identity identity, T value) {

	}

}
