package io.kubelet.cert.ssl;

import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * An object that is created once for each identity.
 *
 * @param <I> the type of identity
 * @param <T> the type of object
 */
final class PerIdentity<I, T> implements Supplier<T> {

	private final Supplier<I> identity;

	private final Function<I, T> maker;

	private volatile @Nullable Made<I, T> made;

	PerIdentity(Supplier<I> identity, Function<I, T> maker) {
		this.identity = identity;
		this.maker = maker;
	}

	@Override
	public T get() {
		I identity = this.identity.get();
		Made<I, T> made = this.made;
		return (made != null && made.identity.equals(identity)) ? made.value : make(identity);
	}

	private synchronized T make(I identity) {
		Made<I, T> made = this.made;
		if (made == null || !made.identity.equals(identity)) {
			made = new Made<>(identity, this.maker.apply(identity));
			this.made = made;
		}
		return made.value;
	}

	private record Made<I, T>(I identity, T value) {

	}

}
