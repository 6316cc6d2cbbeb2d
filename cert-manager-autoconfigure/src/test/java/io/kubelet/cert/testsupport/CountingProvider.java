package io.kubelet.cert.testsupport;

import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * The cryptography of the JDK, with every operation counted of the thread that creates
 * it. It is the first provider until it is closed.
 */
public final class CountingProvider extends Provider implements AutoCloseable {

	/** What is counted. */
	public enum Operation {

		KEY_GENERATION, SIGNATURE, VERIFICATION, KEY_DECODING

	}

	private static final Set<String> TYPES = Set.of("KeyPairGenerator", "Signature", "KeyFactory");

	private final transient Map<Operation, Integer> counts = new EnumMap<>(Operation.class);

	/** Connections of other tests may still be used by others. */
	private final transient Thread counted = Thread.currentThread();

	private transient boolean paused;

	/** Begin to count. */
	public CountingProvider() {
		super("Counting", "1", "Counts what the other providers do");
		for (Provider provider : List.of(Security.getProviders())) {
			provider.getServices()
				.stream()
				.filter((service) -> TYPES.contains(service.getType())
						&& getService(service.getType(), service.getAlgorithm()) == null)
				.forEach((service) -> putService(new CountedService(service)));
		}
		Security.insertProviderAt(this, 1);
	}

	/** Return how often something was done, and begin anew. */
	public Map<Operation, Integer> take() {
		Map<Operation, Integer> taken = new EnumMap<>(this.counts);
		this.counts.clear();
		return taken;
	}

	/** Do something that is not counted, such as what a signer does. */
	public <T> T uncounted(Supplier<T> action) {
		this.paused = true;
		try {
			return action.get();
		}
		finally {
			this.paused = false;
		}
	}

	@Override
	public void close() {
		Security.removeProvider(getName());
	}

	private void count(Operation operation) {
		if (!this.paused && Thread.currentThread() == this.counted) {
			this.counts.merge(operation, 1, Integer::sum);
		}
	}

	private final class CountedService extends Service {

		private final Service service;

		CountedService(Service service) {
			super(CountingProvider.this, service.getType(), service.getAlgorithm(), service.getClassName(), null, null);
			this.service = service;
		}

		/** Each generator makes one pair, and each factory decodes one key. */
		@Override
		public Object newInstance(@Nullable Object parameter) throws NoSuchAlgorithmException {
			if (!getType().equals("Signature")) {
				count(getType().equals("KeyFactory") ? Operation.KEY_DECODING : Operation.KEY_GENERATION);
			}
			return this.service.newInstance(parameter);
		}

		/** The JDK asks before an object signs or verifies for the first time. */
		@Override
		public boolean supportsParameter(Object key) {
			if (getType().equals("Signature")) {
				count((key instanceof PrivateKey) ? Operation.SIGNATURE : Operation.VERIFICATION);
			}
			return this.service.supportsParameter(key);
		}

	}

}
