package io.kubelet.cert.ssl;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;

/**
 * Clients, each with its connection pool, of which there is one for each identity: an
 * exchange that begins after a rotation never meets a connection of before. What is under
 * way with an old client ends in peace; the client is closed with its last exchange, or
 * when the drain is over.
 *
 * @param <C> the type of client
 */
final class Generations<C> implements DisposableBean {

	private static final Logger logger = LoggerFactory.getLogger(Generations.class);

	private final LiveManagers managers;

	private final Function<Consumer<AutoCloseable>, C> maker;

	/** Held here, so that the managers tell this as long as it is in use. */
	private final Runnable retirement = this::retire;

	private final Set<Generation<C>> draining = ConcurrentHashMap.newKeySet();

	private @Nullable Generation<C> current;

	/**
	 * Create generations.
	 * @param managers whose identity it is
	 * @param maker makes a client, and names what is to be closed beside it
	 */
	Generations(LiveManagers managers, Function<Consumer<AutoCloseable>, C> maker) {
		this.managers = managers;
		this.maker = maker;
		managers.whenChanged(this.retirement);
	}

	/** Begin an exchange, which the caller is to {@link Generation#release() end}. */
	synchronized Generation<C> acquire() {
		Identity identity = this.managers.identity();
		if (this.current != null && !this.current.identity.equals(identity)) {
			retire();
		}
		if (this.current == null) {
			this.current = new Generation<>(identity, this.maker, this.managers.drain(), this.draining);
		}
		this.current.exchanges.incrementAndGet();
		return this.current;
	}

	private synchronized void retire() {
		if (this.current != null) {
			this.draining.add(this.current);
			this.current.retire();
			this.current = null;
		}
	}

	/** Also what is being drained: nobody comes back to it. */
	@Override
	public synchronized void destroy() {
		retire();
		this.draining.forEach(Generation::close);
	}

	/**
	 * The client of one identity. It is closed on a thread of the scheduler: some take
	 * their time.
	 *
	 * @param <C> the type of client
	 */
	static final class Generation<C> {

		private final Identity identity;

		private final List<AutoCloseable> resources = new ArrayList<>();

		private final C client;

		private final Drain drain;

		private final Set<Generation<C>> draining;

		private final AtomicInteger exchanges = new AtomicInteger();

		private final AtomicBoolean closed = new AtomicBoolean();

		private volatile boolean retired;

		private Generation(Identity identity, Function<Consumer<AutoCloseable>, C> maker, Drain drain,
				Set<Generation<C>> draining) {
			this.identity = identity;
			this.drain = drain;
			this.draining = draining;
			try {
				this.client = maker.apply(this.resources::add);
			}
			catch (RuntimeException ex) {
				this.resources.forEach(Generation::close);
				throw ex;
			}
		}

		C client() {
			return this.client;
		}

		void release() {
			if (this.exchanges.decrementAndGet() == 0 && this.retired) {
				this.drain.now(this::close);
			}
		}

		private void retire() {
			this.retired = true;
			if (this.exchanges.get() == 0) {
				this.drain.now(this::close);
			}
			else {
				this.drain.atEnd(this::close);
			}
		}

		private void close() {
			if (!this.closed.compareAndSet(false, true)) {
				return;
			}
			this.draining.remove(this);
			if (this.client instanceof DisposableBean disposable) {
				this.resources.add(disposable::destroy);
			}
			else if (this.client instanceof AutoCloseable closeable) {
				this.resources.add(closeable);
			}
			this.resources.forEach(Generation::close);
		}

		private static void close(AutoCloseable resource) {
			try {
				resource.close();
			}
			catch (Exception ex) {
				logger.warn("A client of before a rotation cannot be closed", ex);
			}
		}

	}

}
