package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.Decision.Abandon;
import io.kubelet.cert.rotation.core.Decision.Adopt;
import io.kubelet.cert.rotation.core.Decision.Fail;
import io.kubelet.cert.rotation.core.Decision.Forget;
import io.kubelet.cert.rotation.core.Decision.Join;
import io.kubelet.cert.rotation.core.Decision.Look;
import io.kubelet.cert.rotation.core.Decision.Report;
import io.kubelet.cert.rotation.core.Decision.Request;
import io.kubelet.cert.rotation.core.Decision.Restore;
import io.kubelet.cert.rotation.core.Decision.Resume;
import io.kubelet.cert.rotation.core.Decision.Tolerate;
import io.kubelet.cert.rotation.core.Decision.Wait;
import io.kubelet.cert.rotation.core.Decision.Withdraw;
import io.kubelet.cert.rotation.core.Notices.Notice;
import io.kubelet.cert.rotation.core.Pending.Leaving;
import io.kubelet.cert.rotation.core.Pending.Stage;
import io.kubelet.cert.rotation.core.StoreView.Content;
import org.jspecify.annotations.Nullable;

/**
 * Decides what to do next for a certificate. One process and replicas are decided for by
 * one table, of which some rows only apply to a store that replicas share.
 */
public final class Decisions {

	/** A replica deletes its request at once when it has stored the pair, or it ended. */
	private static final Duration DELETED_BY_NOW = Duration.ofSeconds(30);

	/** How long a request for another signer is left alone at least. */
	private static final Duration LEFT_WITHOUT_PAIR = Duration.ofMinutes(1);

	private final State state;

	private final Instant now;

	private final StoreView store;

	private final @Nullable Pending pending;

	private Decisions(State state, Instant now) {
		this.state = state;
		this.now = now;
		this.store = new StoreView(state, now);
		this.pending = state.pending();
	}

	/**
	 * Returns what to do next.
	 * @param state what is known
	 * @param now the current time
	 * @return the decision
	 */
	public static Decision decide(State state, Instant now) {
		return new Decisions(state, now).decide();
	}

	/** The first row that applies. */
	private Decision decide() {
		List<Supplier<@Nullable Decision>> rows = this.state.policy().off() ? List.of(this::adopt, this::report)
				: List.of(this::adopt, this::restore, this::withdraw, this::forget, this::join, this::tolerate,
						this::abandon, this::look, this::fail, this::begin, this::report);
		for (Supplier<@Nullable Decision> row : rows) {
			Decision decision = row.get();
			if (decision != null) {
				return decision;
			}
		}
		return new Wait(until());
	}

	/** The store holds another pair, which can be used. */
	private @Nullable Decision adopt() {
		CertificatePair other = this.store.adoptable();
		return (other != null) ? new Adopt(other, this.store.differences(other)) : null;
	}

	/** The store does not hold the pair in use, and no replica has stored another one. */
	private @Nullable Decision restore() {
		CertificatePair pair = this.state.pair();
		return (pair != null && this.store.isToRestore() && this.store.repairPause().isOver(this.now))
				? new Restore(pair) : null;
	}

	/** A request is over. */
	private @Nullable Decision withdraw() {
		return this.state.leaving()
			.stream()
			.filter((leaving) -> leaving.isDue(this.now))
			.map(Leaving::request)
			.findFirst()
			.or(this::answeredRequest)
			.or(this::unwantedRequest)
			.map(Withdraw::new)
			.orElse(null);
	}

	/**
	 * The request whose answer is in use. Of replicas, the one that stored the answer
	 * deletes the request, unless it has ended.
	 */
	private Optional<PendingRequest> answeredRequest() {
		if (this.state.attempt() != null) {
			return Optional.empty();
		}
		if (!this.state.policy().shared()) {
			return Optional.ofNullable(this.pending).filter((any) -> this.state.isAnswered()).map(Pending::request);
		}
		return Optional.ofNullable(this.state.stored().pending())
			.filter((request) -> request.isAnsweredBy(this.state.pair()) && !this.state.isLeaving(request)
					&& !this.now.isBefore(this.state.current().since().plus(DELETED_BY_NOW)));
	}

	/**
	 * A request of replicas that has no object while no rotation is due; or ours, if one
	 * for another signer has taken its place: no answer can be stored.
	 */
	private Optional<PendingRequest> unwantedRequest() {
		return Optional.ofNullable(this.pending).filter((pending) -> {
			boolean lost = pending.stage() == Stage.LOST && this.state.deadline(this.now).isAfter(this.now);
			return (lost && isStored(pending)) || givesWay(pending);
		}).map(Pending::request);
	}

	private boolean givesWay(Pending pending) {
		Policy policy = this.state.policy();
		PendingRequest stored = this.state.stored().pending();
		return policy.shared() && policy.isForOurSigner(pending.request()) && stored != null
				&& !policy.isForOurSigner(stored);
	}

	private boolean isStored(Pending pending) {
		PendingRequest stored = this.state.storedRequest();
		return stored != null && pending.request().hasKey(stored.request().publicKey());
	}

	/**
	 * Another replica has removed our request with the pair, or has stored its answer.
	 */
	private @Nullable Decision forget() {
		Pending pending = this.pending;
		if (pending == null || !this.state.policy().shared()) {
			return null;
		}
		// Another program may have put back what was stored before the request
		Content content = this.store.content();
		boolean gone = this.state.storedRequest() == null && !pending.request().isToReplace(this.state.stored().pair())
				&& (content == Content.OURS || content == Content.OTHER || content == Content.REFUSED);
		return (this.state.isAnswered() || gone) ? new Forget() : null;
	}

	/** Another replica has stored a request in place of ours. */
	private @Nullable Decision join() {
		PendingRequest other = otherRequest();
		return (other != null && this.state.policy().isForOurSigner(other)) ? new Join(other) : null;
	}

	/** A request for another signer is stored. */
	private @Nullable Decision tolerate() {
		PendingRequest other = otherRequest();
		if (other == null) {
			return null;
		}
		CertificatePair pair = this.state.current().isValid(this.now) ? this.state.pair() : this.state.stored().pair();
		Duration longest = (pair != null && pair.isValid(this.now))
				? Duration.between(this.now, pair.notAfter()).dividedBy(2) : Duration.ZERO;
		Duration time = Collections.min(List.of(this.state.policy().waitTimeout(), longest));
		return new Tolerate(other, Pause.of(this.now, Collections.max(List.of(LEFT_WITHOUT_PAIR, time))));
	}

	private @Nullable PendingRequest otherRequest() {
		boolean ours = !this.state.policy().shared() || (this.pending != null && isStored(this.pending));
		return ours ? null : this.state.storedRequest();
	}

	/**
	 * An attempt is for a template that has changed since. One that the template did not
	 * cause goes on if the certificate in use satisfies the new one.
	 */
	private @Nullable Decision abandon() {
		CertificateTemplate template = this.state.template();
		CertificatePair pair = this.state.current().isValid(this.now) ? this.state.pair() : null;
		Pending attempted = this.state.attempted();
		return (attempted == null || template == null || attempted.isFor(template)
				|| (this.state.lastTrigger() != Trigger.TEMPLATE && pair != null
						&& template.isSatisfiedBy(pair.leaf()))) ? null : new Abandon();
	}

	/** The time of an attempt is nearly over. */
	private @Nullable Decision look() {
		Attempt attempt = this.state.attempt();
		Pending attempted = this.state.attempted();
		return (attempt != null && attempted != null && attempt.looks(this.now)) ? new Look(attempted.request()) : null;
	}

	/** The time of an attempt is over, or another replica has removed our request. */
	private @Nullable Decision fail() {
		Attempt attempt = this.state.attempt();
		Pending pending = this.pending;
		if (pending == null) {
			return null;
		}
		CertificateRequest request = pending.request().request();
		if (attempt != null) {
			return attempt.timedOut()
					? new Fail(
							RequestException.unanswered(request, pending.object(), this.state.policy().waitTimeout()))
					: null;
		}
		boolean withdrawn = this.state.policy().shared() && pending.stage() != Stage.LOST
				&& this.state.others().grace().isOver(this.now) && !this.state.stored().holds(pending.request());
		return withdrawn ? new Fail(RequestException.withdrawn(request.name(), request.signer())) : null;
	}

	/** A rotation is due, or a request was joined, and no pause lasts. */
	private @Nullable Decision begin() {
		CertificateTemplate template = this.state.template();
		if (this.state.attempt() != null || template == null || !this.state.others().grace().isOver(this.now)) {
			return null;
		}
		boolean due = !this.state.deadline(this.now).isAfter(this.now) && this.store.pause(template).isOver(this.now);
		if (!due && !this.state.hasGivenTime()) {
			return null;
		}
		Pending pending = this.pending;
		return (pending != null && pending.stage() != Stage.LOST
				&& (template.equals(pending.yields()) || this.state.policy().asksFor(pending.request(), template)))
						? new Resume(template) : new Request(template);
	}

	/** Something is to be reported. */
	private @Nullable Decision report() {
		Notice notice = new DueNotices(this.state, this.now).first();
		return (notice != null) ? new Report(notice) : null;
	}

	/** When a row may apply although nothing happens. */
	private Instant until() {
		Attempt attempt = this.state.attempt();
		Instant next = (attempt != null) ? attempt.next() : nextAttempt(this.state, this.now);
		Instant notice = new DueNotices(this.state, this.now).next();
		Instant deletion = this.state.leaving()
			.stream()
			.filter((leaving) -> !leaving.deleting())
			.map((leaving) -> leaving.pause().end())
			.min(Instant::compareTo)
			.orElse(Instant.MAX);
		Instant repair = this.store.isToRepair() ? this.store.repairPause().end() : Instant.MAX;
		return Collections.min(List.of(next, notice, deletion, repair.isAfter(this.now) ? repair : Instant.MAX));
	}

	/**
	 * Returns when an attempt may begin although nothing happens.
	 * @param state what is known, without an attempt
	 * @param now the current time
	 * @return the end of time for never
	 */
	public static Instant nextAttempt(State state, Instant now) {
		CertificateTemplate template = state.template();
		if (template == null || state.policy().off()) {
			return Instant.MAX;
		}
		Pause grace = state.others().grace();
		return !grace.isOver(now) ? grace.end()
				: new StoreView(state, now).pause(template).earliest(state.deadline(now), now);
	}

}
