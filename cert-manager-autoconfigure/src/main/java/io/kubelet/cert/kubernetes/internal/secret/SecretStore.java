package io.kubelet.cert.kubernetes.internal.secret;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.watch.Reflector;
import io.kubelet.cert.kubernetes.internal.watch.Selection;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Findings;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in a Secret, which the replicas of an application share. Every write names the
 * version that it changes, so that of several replicas one succeeds and the others use
 * what it has stored. The Secret is read once and then watched, so that reading it is a
 * look at the memory. While the API server cannot be reached, the last known state
 * remains.
 * <p>
 * The pair that is used is stored again if somebody deletes or empties the Secret. A file
 * store, if there is one, has a copy of it, for starts without the API server.
 */
public final class SecretStore implements CertificateStore.Shared, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(SecretStore.class);

	private final SharedCertificate certificate;

	private final StoredAuthorities authorities;

	private final PairCopy copy;

	private final Executor executor;

	private final SecretApi api;

	private final LatestSecret latest;

	private final Reflector reflector;

	/** The last Secret whose content could be used, and the content. */
	private volatile @Nullable SecretObject read;

	private Stored stored = Stored.NOTHING;

	/** A Secret whose pair cannot be used, so that it may be replaced. */
	private @Nullable SecretObject damaged;

	/** Why the Secret could not be read at first. */
	private @Nullable StoreException firstFailure;

	private volatile boolean lacksAuthority;

	/** The pair that is used. */
	private @Nullable CertificatePair kept;

	/**
	 * The program that has last changed the pair, other than replicas; empty if another
	 * one has removed the label or the Secret since.
	 */
	private String otherWriter = "";

	/**
	 * Creates a store. Nothing is requested yet.
	 * @param namespace the namespace of the Secret
	 * @param name the name of the Secret
	 * @param certificate the certificate
	 * @param copy keeps a copy of the pair, {@code null} for none
	 * @param clients provides the client, and the threads of the watch
	 * @param clock the clock
	 */
	public SecretStore(String namespace, String name, SharedCertificate certificate, @Nullable CertificateStore copy,
			ApiClientProvider clients, Clock clock) {
		this.certificate = certificate;
		this.executor = clients.executor();
		Supplier<ApiClient> client = clients.supplier(() -> null);
		this.api = new SecretApi(namespace, name, client);
		this.authorities = new StoredAuthorities(certificate, this.api, clock);
		this.copy = new PairCopy(certificate, this.api, copy, this.authorities);
		this.latest = new LatestSecret(this.api);
		this.reflector = new Reflector(Selection.byName(name, this.api.path()), this.latest, client, null);
	}

	/**
	 * Reads the Secret, and finds out why it must not be used.
	 * @return the reason, as a clause about the Secret; empty if there is none or the
	 * Secret cannot be read
	 */
	public Optional<String> foreignContent() {
		try {
			return Optional.ofNullable(foreignContent(this.latest.get(false)));
		}
		catch (StoreException ex) {
			this.firstFailure = ex;
			return Optional.empty();
		}
	}

	/** Whoever starts waits for an API server that does not answer only once. */
	private SecretObject latest() {
		StoreException firstFailure = this.firstFailure;
		this.firstFailure = null;
		if (firstFailure != null) {
			throw firstFailure;
		}
		return this.latest.get(false);
	}

	@Override
	public Stored read() {
		SecretObject secret;
		try {
			secret = latest();
		}
		catch (StoreException ex) {
			Stored copied = this.copy.read();
			if (copied.pair() == null) {
				throw ex;
			}
			Findings findings = findings(copied.pair(), SecretObject.ABSENT);
			this.lacksAuthority = findings.deficiency() != null;
			return new Stored(copied.pair(), null, null, List.of(), null, findings);
		}
		finally {
			this.reflector.start(this.executor);
		}
		if (secret == this.read) {
			return this.stored;
		}
		if (!secret.isManaged() || !secret.otherWriter().isEmpty()) {
			this.otherWriter = secret.otherWriter();
		}
		requireOwn(secret);
		Stored content = content(secret);
		Stored complete = complete(secret, content);
		return complete.equals(content) ? remember(secret, content) : complete;
	}

	/**
	 * Adds what somebody has removed: a replica removes only the pending request, and
	 * only from a Secret that replicas have written. The pair is that of the copy until
	 * one is in use, which whoever uses it stores again.
	 */
	private Stored complete(SecretObject secret, Stored content) {
		if (content.pair() != null || !this.certificate.rotates()) {
			return content;
		}
		PendingRequest pending = (secret.isManaged() || content.pending() != null) ? content.pending()
				: pending(this.latest.managed());
		CertificatePair copied = (this.kept != null) ? null : this.copy.read().pair();
		return new Stored(copied, pending, null, content.repairs(), content.version(), content.findings());
	}

	private @Nullable PendingRequest pending(SecretObject secret) {
		try {
			return secret.pending();
		}
		catch (MalformedPemException ex) {
			logger.warn("[{}] The pending request in {} is not used: {}", this.certificate.name(), this,
					ex.getMessage());
			return null;
		}
	}

	private Stored content(SecretObject secret) {
		try {
			CertificatePair found = secret.pair();
			CertificatePair pair = (found != null) ? this.authorities.add(found, secret.authorities(), this.kept)
					: null;
			return new Stored(pair, pending(secret), secret.deadline(pair), secret.repairs(), secret.version(),
					findings(pair, secret));
		}
		catch (MalformedPemException ex) {
			this.damaged = secret;
			throw new StoreException("The pair in " + this + " is damaged: " + ex.getMessage(), ex);
		}
	}

	private Findings findings(@Nullable CertificatePair pair, SecretObject secret) {
		return new Findings(this.otherWriter, this.authorities.deficiency(pair, secret), pair != null && secret.exists()
				&& (!secret.isManaged() || !secret.authorities().containsAll(pair.authorities())));
	}

	@Override
	public Stored write(Stored next) {
		SecretObject secret = this.latest.get(true);
		requireOwn(secret);
		if (!secret.version().equals(next.version()) && secret != this.damaged) {
			throw new CertificateStore.ConflictException("Another process has changed " + this);
		}
		return store(secret, next);
	}

	private Stored store(SecretObject secret, Stored next) {
		SecretObject base = secret.exists() ? secret : SecretObject.create(this.api.name());
		CertificatePair present = (secret == this.read) ? this.stored.pair() : null;
		CertificatePair pair = (next.pair() != null) ? this.authorities.counting(next.pair()) : null;
		SecretObject changed = (pair != null && pair.equals(present)) ? base
				: base.withPair(pair, this.authorities.leaving(base, pair, present, this.kept));
		changed = changed.with(this.certificate.name(), next);
		PendingRequest answered = this.stored.pending();
		if (pair != null && pair.authorities().isEmpty() && answered != null && answered.isAnsweredBy(pair)) {
			changed = changed.notedWithoutAuthority(pair, answered.request().signer().toString());
		}
		if (pair != null && !pair.equals(present)) {
			changed = this.authorities.replace(changed, this.kept, pair);
		}
		if (pair != null && !changed.authorities().containsAll(pair.authorities())) {
			changed = changed.withAuthorities(pair.authorities());
		}
		SecretObject written = changed.json().equals(secret.json()) ? secret : send(secret, changed);
		return remember(written, new Stored(pair, next.pending(), next.deadline(), next.repairs(), written.version(),
				findings(pair, written)));
	}

	private SecretObject send(SecretObject secret, SecretObject changed) {
		try {
			SecretObject written = this.api.write(secret, changed);
			this.latest.update(secret, written);
			return written;
		}
		catch (StoreException ex) {
			this.latest.markOutdated();
			throw ex;
		}
	}

	private Stored remember(SecretObject secret, Stored content) {
		this.read = secret;
		this.stored = content;
		this.lacksAuthority = content.findings().deficiency() != null;
		return content;
	}

	@Override
	public void keep(CertificatePair pair) {
		this.kept = pair;
		this.copy.write(pair);
	}

	private @Nullable String foreignContent(SecretObject secret) {
		return secret.foreignContent(this.certificate.name(), this.latest.managed());
	}

	private void requireOwn(SecretObject secret) {
		String content = foreignContent(secret);
		if (content != null) {
			throw new StoreException(Kind.OTHER, "%s cannot be used: it %s".formatted(this, content), null);
		}
	}

	@Override
	public void onChange(Runnable changed) {
		this.latest.onChange(changed);
	}

	/** Returns whether the pair is without an authority of its issuer. */
	public boolean lacksAuthority() {
		return this.lacksAuthority;
	}

	@Override
	public boolean lacksCopy() {
		return this.copy.problem().isPresent();
	}

	/**
	 * Returns which authorities of the issuer rotations have replaced, and when. Replicas
	 * that run trust them for the overlap from then on.
	 */
	public Map<X509Certificate, Instant> replacedAuthorities() {
		SecretObject secret = this.read;
		return (secret != null) ? this.authorities.replaced(secret) : Map.of();
	}

	/** Returns why the current pair has no copy, empty if nothing is wrong. */
	public Optional<String> copyProblem() {
		return this.copy.problem();
	}

	/** Returns the name of the certificate. */
	public String certificate() {
		return this.certificate.name();
	}

	@Override
	public void close() {
		this.reflector.close();
	}

	@Override
	public String toString() {
		return this.api.toString();
	}

}
