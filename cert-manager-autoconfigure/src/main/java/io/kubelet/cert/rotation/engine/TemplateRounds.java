package io.kubelet.cert.rotation.engine;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

import io.kubelet.cert.rotation.RotationScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Asks the template suppliers that do not signal their changes, all of them in one round
 * each second, on one thread. One instance serves any number of managers. A manager is
 * involved only if an answer has changed, so that thousands of suppliers cost next to
 * nothing.
 * <p>
 * If a round takes longer than a second, because a supplier blocks, it is given up, and
 * each manager asks on a thread of its own. The next round leaves out the suppliers that
 * have not returned. So a supplier delays those of other certificates by at most a
 * second.
 */
final class TemplateRounds {

	private static final Duration INTERVAL = Duration.ofSeconds(1);

	private final Set<Member> members = ConcurrentHashMap.newKeySet();

	private final RotationScheduler scheduler;

	private final Executor executor;

	private final Clock clock;

	/** Identifies the next round, {@code null} if none is scheduled. */
	private @Nullable Object next;

	private Runnable cancelTimer = () -> {
	};

	private volatile @Nullable Object round;

	/**
	 * Creates it. Nothing is scheduled while there is nobody to ask.
	 * @param scheduler starts the rounds
	 * @param executor runs a round, which may block
	 * @param clock the clock
	 */
	TemplateRounds(RotationScheduler scheduler, Executor executor, Clock clock) {
		this.scheduler = scheduler;
		this.executor = executor;
		this.clock = clock;
	}

	synchronized void add(Member member) {
		this.members.add(member);
		if (this.next == null) {
			scheduleNext();
		}
	}

	synchronized void remove(Member member) {
		this.members.remove(member);
		if (this.members.isEmpty()) {
			this.cancelTimer.run();
			this.next = null;
		}
	}

	private void scheduleNext() {
		Object next = new Object();
		this.cancelTimer = this.scheduler.schedule(() -> begin(next), INTERVAL);
		this.next = next;
	}

	private void begin(Object next) {
		Object round = new Object();
		boolean late;
		synchronized (this) {
			if (this.next != next) {
				return;
			}
			this.next = null;
			scheduleNext();
			late = (this.round != null);
			this.round = late ? null : round;
		}
		if (late) {
			this.members.forEach(Member::wake);
		}
		else {
			this.executor.execute(() -> ask(round));
		}
	}

	/** If it ends with an error, it is given up as well. */
	private void ask(Object round) {
		Instant now = this.clock.instant();
		for (Member member : this.members) {
			if (this.round != round) {
				return;
			}
			member.askForTemplate(now);
		}
		synchronized (this) {
			this.round = (this.round == round) ? null : this.round;
		}
	}

	/** Has a supplier that is asked. Called on any thread. */
	interface Member {

		/** Calls the supplier on this thread. */
		void askForTemplate(Instant now);

		/** Calls the supplier on another thread. */
		void wake();

	}

}
