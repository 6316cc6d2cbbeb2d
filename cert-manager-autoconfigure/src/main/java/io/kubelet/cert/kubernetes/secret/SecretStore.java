package io.kubelet.cert.kubernetes.secret;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.kubernetes.ApiFailures;
import io.kubelet.cert.kubernetes.ApiObjects;
import io.kubelet.cert.kubernetes.watch.Reflector;
import io.kubelet.cert.kubernetes.watch.Selection;
import io.kubelet.cert.kubernetes.watch.WatchObserver;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreConflictException;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.store.Stored;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Call;
import okhttp3.Response;
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

	/** A rotation waits for the answer. */
	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private final Location location;

	private final boolean rotates;

	private final @Nullable CertificateStore copy;

	private final Supplier<ApiClient> clients;

	private final Executor executor;

	private final Reflector watch;

	private final LatestSecret latest = new LatestSecret();

	private final List<Runnable> callbacks = new CopyOnWriteArrayList<>();

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
	public SecretStore(Location location, boolean rotates, @Nullable CertificateStore copy, Supplier<ApiClient> clients,
			Executor executor) {
		this.location = location;
		this.rotates = rotates;
		this.copy = copy;
		this.clients = clients;
		this.executor = executor;
		this.watch = new Reflector(Selection.byName(location.name(), location.path()), new Observer(), clients, null);
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
		return store(secret, lost);
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
			return new Stored(secret.pair(), pending, secret.deadline(), secret.version());
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
			throw conflict();
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
		changed = changed.with(this.location.certificate(), next.pending(), next.deadline());
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
			SecretObject written = send((client) -> secret.exists()
					? ApiObjects.replace(client, this.location.path(), this.location.name(), changed.json())
					: ApiObjects.create(client, this.location.path(), changed.json()));
			this.latest.update(secret, written);
			return written;
		}
		catch (RequestException ex) {
			this.latest.isOutdated();
			if (ex.statusCode() == 409 || (ex.statusCode() == 404 && secret.exists())) {
				throw conflict();
			}
			String remedy = (ex.statusCode() == 403 && !secret.exists()) ? this.location.creation() : "";
			throw new StoreException(ex.kind(), "Cannot store in " + this + ": " + ex.getMessage() + remedy, ex);
		}
	}

	private StoreConflictException conflict() {
		this.latest.isOutdated();
		return new StoreConflictException("Another process has changed " + this);
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
			SecretObject known = this.latest.get();
			return (known != null) ? known : fetch();
		}
		finally {
			this.watch.start(this.executor);
		}
	}

	private SecretObject fetch() {
		SecretObject last = this.latest.last();
		try {
			return this.latest.update(last,
					send((client) -> ApiObjects.read(client, this.location.path(), this.location.name())));
		}
		catch (CertificateManagerException ex) {
			if (ex instanceof RequestException answer && answer.statusCode() == 404) {
				return this.latest.update(last, SecretObject.ABSENT);
			}
			if (last != null) {
				return last;
			}
			throw new StoreException(ex.kind(), "Cannot read " + this + ": " + ex.getMessage(), ex);
		}
	}

	private SecretObject send(Function<ApiClient, Call> request) {
		ApiClient client = this.clients.get();
		ApiFailures failures = new ApiFailures(client.getBasePath());
		Call call = request.apply(client);
		call.timeout().timeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
		try (Response answer = call.execute()) {
			return new SecretObject(ApiObjects.object(ApiObjects.body(answer)));
		}
		catch (ApiException ex) {
			throw failures.translate(ex, null);
		}
		catch (IOException ex) {
			throw failures.translate(new ApiException(ex), null);
		}
		catch (JsonParseException ex) {
			throw failures.unexpected(200, null);
		}
	}

	@Override
	public boolean onChange(Runnable changed) {
		this.callbacks.add(changed);
		return true;
	}

	@Override
	public void close() {
		this.watch.close();
	}

	@Override
	public String toString() {
		return "Secret " + this.location.namespace() + "/" + this.location.name();
	}

	/**
	 * Where a Secret is.
	 *
	 * @param namespace its namespace
	 * @param name its name
	 * @param certificate the name of the certificate that it is for
	 */
	public record Location(String namespace, String name, String certificate) {

		String path() {
			return "/api/v1/namespaces/" + this.namespace + "/secrets";
		}

		/** RBAC cannot limit the creation of objects to a name. */
		String creation() {
			return """

					Or the deployment creates the Secret, without a pair; then the application does not need this permission:
					apiVersion: v1
					kind: Secret
					metadata:
					  name: %s
					  namespace: %s
					type: kubernetes.io/tls
					data:
					  tls.crt: ""
					  tls.key: ""
					"""
				.formatted(this.name, this.namespace)
				.stripTrailing();
		}

	}

	private final class Observer implements WatchObserver {

		@Override
		public void listed(List<JsonObject> objects) {
			SecretStore store = SecretStore.this;
			signal(store.latest.listed(objects.isEmpty() ? SecretObject.ABSENT : new SecretObject(objects.get(0))));
		}

		@Override
		public void changed(JsonObject object) {
			signal(SecretStore.this.latest.changed(new SecretObject(object), false));
		}

		@Override
		public void deleted(JsonObject object) {
			signal(SecretStore.this.latest.changed(new SecretObject(object), true));
		}

		private void signal(boolean changed) {
			if (changed) {
				SecretStore.this.callbacks.forEach(Runnable::run);
			}
		}

		@Override
		public void interrupted(Kind kind, String problem) {
			// The last known state remains
		}

		/** Whoever may not watch the Secret reads it. */
		@Override
		public String refused(ApiException answer) {
			SecretStore.this.latest.isOutdated();
			return ApiFailures.refusal(answer, "get, list, watch and update on the Secret are needed")
					+ ApiFailures.advice(answer);
		}

		@Override
		public String toString() {
			return SecretStore.this.toString();
		}

	}

}
