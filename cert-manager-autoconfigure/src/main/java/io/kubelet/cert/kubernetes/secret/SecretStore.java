package io.kubelet.cert.kubernetes.secret;

import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.kubernetes.watch.Reflector;
import io.kubelet.cert.kubernetes.watch.Selection;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreConflictException;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.store.Stored;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in a Secret, which the replicas of an application share. Every write names the
 * version that it changes, so that of several replicas one succeeds and the others follow
 * it. The Secret is read once and then watched, so that reading it is a look at the
 * memory. While the API server cannot be reached, the last known state remains.
 * <p>
 * A Secret that somebody deletes or empties is stored again. A file store, if there is
 * one, has a copy of the pair, for starts without the API server.
 */
public final class SecretStore implements CertificateStore, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(SecretStore.class);

	private final SecretLocation location;

	private final boolean rotates;

	private final @Nullable CertificateStore copy;

	private final Executor executor;

	private final SecretApi api;

	private final LatestSecret latest;

	private final Reflector watch;

	/** The last Secret whose content could be used, and the content. */
	private @Nullable SecretObject read;

	private Stored stored = Stored.NOTHING;

	/**
	 * Creates a store. Nothing is requested yet.
	 * @param location where the Secret is, and for which certificate
	 * @param rotates whether it may be written
	 * @param copy keeps a copy of the pair, {@code null} for none
	 * @param clients returns the client to use; called for each request
	 * @param executor runs the watch until this is closed
	 */
	public SecretStore(SecretLocation location, boolean rotates, @Nullable CertificateStore copy,
			Supplier<ApiClient> clients, Executor executor) {
		this.location = location;
		this.rotates = rotates;
		this.copy = copy;
		this.executor = executor;
		this.api = new SecretApi(location, clients);
		this.latest = new LatestSecret(location, this.api);
		this.watch = new Reflector(Selection.byName(location.name(), location.path()), this.latest, clients, null);
	}

	/**
	 * Returns why the Secret must not be used, as a clause about it.
	 * @return the reason, empty if there is none or the Secret cannot be read
	 */
	public Optional<String> foreignContent() {
		try {
			return Optional.ofNullable(latest().foreignContent(this.location.certificate()));
		}
		catch (StoreException ex) {
			return Optional.empty();
		}
	}

	@Override
	public Stored read() {
		SecretObject secret;
		try {
			secret = latest();
		}
		catch (StoreException ex) {
			return fromCopy().map((pair) -> Stored.NOTHING.withPair(pair, null)).orElseThrow(() -> ex);
		}
		if (secret == this.read) {
			return this.stored;
		}
		requireOwn(secret);
		Stored lost = lost(secret);
		if (lost == Stored.NOTHING) {
			return remember(secret, content(secret));
		}
		logger.info("[{}] {} has no pair: the one in use is stored there", this.location.certificate(), this);
		try {
			return store(secret, lost);
		}
		catch (StoreConflictException ex) {
			// Another replica has stored it
			return read();
		}
	}

	/**
	 * Returns what to store because somebody has deleted or emptied the Secret. A replica
	 * only removes the pending request.
	 */
	private Stored lost(SecretObject secret) {
		if (!secret.isVacant() || !this.rotates) {
			return Stored.NOTHING;
		}
		if (this.stored.pair() != null || (!secret.exists() && this.stored.pending() != null)) {
			return this.stored;
		}
		return fromCopy().map((pair) -> Stored.NOTHING.withPair(pair, null)).orElse(Stored.NOTHING);
	}

	private Stored content(SecretObject secret) {
		PendingRequest pending = null;
		try {
			pending = secret.pending();
		}
		catch (MalformedPemException ex) {
			logger.warn("[{}] The pending request in {} is not used: {}", this.location.certificate(), this,
					ex.getMessage());
		}
		try {
			CertificatePair pair = secret.pair();
			return new Stored(pair, pending, secret.deadline(pair), secret.version());
		}
		catch (MalformedPemException ex) {
			throw new StoreException("The pair in " + this + " is damaged: " + ex.getMessage(), ex);
		}
	}

	@Override
	public Stored write(Stored next) {
		SecretObject secret = latest();
		requireOwn(secret);
		if (!secret.version().equals(next.version()) && !isDamaged(secret)) {
			this.latest.isOutdated();
			throw new StoreConflictException("Another process has changed " + this);
		}
		return store(secret, next);
	}

	private boolean isDamaged(SecretObject secret) {
		try {
			content(secret);
			return false;
		}
		catch (StoreException ex) {
			return true;
		}
	}

	private Stored store(SecretObject secret, Stored next) {
		SecretObject base = secret.exists() ? secret : SecretObject.create(this.location.name());
		CertificatePair present = (secret == this.read) ? this.stored.pair() : null;
		SecretObject changed = (next.pair() != null && next.pair().equals(present)) ? base : base.withPair(next.pair());
		changed = changed.with(this.location.certificate(), next);
		SecretObject written = changed.equals(secret) ? secret : send(secret, changed);
		return remember(written, new Stored(next.pair(), next.pending(), next.deadline(), written.version()));
	}

	private SecretObject send(SecretObject secret, SecretObject changed) {
		if (secret.isImmutable()) {
			throw new StoreException(
					("%s is immutable, so no pair can be stored in it. Delete it ('kubectl delete secret --namespace %s %s'): "
							+ "it is created again")
						.formatted(this, this.location.namespace(), this.location.name()),
					null);
		}
		try {
			SecretObject written = this.api.write(secret, changed);
			this.latest.update(secret, written);
			return written;
		}
		catch (StoreConflictException ex) {
			this.latest.isOutdated();
			throw ex;
		}
		catch (StoreException ex) {
			this.latest.isUncertain();
			throw ex;
		}
	}

	private Stored remember(SecretObject secret, Stored content) {
		this.read = secret;
		this.stored = content;
		CertificatePair pair = content.pair();
		if (this.copy != null && pair != null && !fromCopy().equals(Optional.of(pair))) {
			try {
				this.copy.write(Stored.NOTHING.withPair(pair, null));
			}
			catch (StoreException ex) {
				logger.warn("[{}] {}. The pair is in {}, but a start without the API server does not find it",
						this.location.certificate(), ex.getMessage(), this);
			}
		}
		return content;
	}

	private Optional<CertificatePair> fromCopy() {
		try {
			return (this.copy != null) ? Optional.ofNullable(this.copy.read().pair()) : Optional.empty();
		}
		catch (StoreException ex) {
			return Optional.empty();
		}
	}

	private void requireOwn(SecretObject secret) {
		String content = secret.foreignContent(this.location.certificate());
		if (content != null) {
			throw new StoreException(Kind.OTHER, "%s cannot be used: it %s".formatted(this, content), null);
		}
	}

	private SecretObject latest() {
		try {
			return this.latest.get();
		}
		finally {
			this.watch.start(this.executor);
		}
	}

	@Override
	public boolean onChange(Runnable changed) {
		this.latest.onChange(changed);
		return true;
	}

	@Override
	public void close() {
		this.watch.close();
	}

	@Override
	public String toString() {
		return this.location.toString();
	}

}
