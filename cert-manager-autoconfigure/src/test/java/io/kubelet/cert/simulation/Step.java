package io.kubelet.cert.simulation;

import java.time.Duration;

/**
 * Something happens, then time passes.
 *
 * @param action what happens
 * @param certificate the index of the certificate to which it happens, if it happens to
 * one
 * @param pass how much time passes then
 */
record Step(Action action, int certificate, Duration pass) {

	static Step parse(String text) {
		String[] words = text.trim().split("\\s+");
		return new Step(Action.valueOf(words[0]), Integer.parseInt(words[1]), Duration.parse(words[2]));
	}

	@Override
	public String toString() {
		return "%s %d %s".formatted(this.action, this.certificate, this.pass);
	}

	/**
	 * What can happen.
	 */
	enum Action {

		/** Nothing. */
		NOTHING,

		/** The server answers again, as it should. */
		SERVER_WELL,

		/** The server cannot be reached. */
		SERVER_DOWN,

		/** The server says 429, and when to come back. */
		SERVER_BUSY,

		/** The server says 403. */
		SERVER_FORBIDS,

		/** The server says 422. */
		SERVER_REJECTS,

		/** The server creates objects, but its answer is lost. */
		ANSWERS_LOST,

		/** The server creates objects, but no watch ever says a word. */
		WATCHES_SILENT,

		/** The approver and the signer do their work at once. */
		APPROVER_WELL,

		/** The approver takes minutes. */
		APPROVER_SLOW,

		/** The approver takes longer than the engine waits. */
		APPROVER_VERY_SLOW,

		/** Nobody approves. */
		APPROVER_AWAY,

		/** The approver denies. */
		APPROVER_DENIES,

		/** The signer fails. */
		SIGNER_FAILS,

		/** The signer issues something else than was asked for. */
		SIGNER_WRONG,

		/** Somebody deletes a certificate's requests. */
		REQUESTS_DELETED,

		/** Somebody replaces a certificate's open requests by others of the same name. */
		REQUESTS_REPLACED,

		/** A template changes. */
		TEMPLATE_CHANGES,

		/** A template is not known any more. */
		TEMPLATE_UNKNOWN,

		/** A disk cannot be written. */
		DISK_READ_ONLY,

		/** A disk can be neither read nor written. */
		DISK_BROKEN,

		/** A disk is well again. */
		DISK_WELL,

		/** Another program stores a pair. */
		STORED_BY_ANOTHER,

		/** Somebody asks for a rotation. */
		ROTATE,

		/** The process is stopped and started again. */
		RESTART,

		/** The process dies and is started again. */
		CRASH,

		/** The process dies while it makes its next request. */
		CRASH_IN_REQUEST,

		/** The clock is set forward, wrongly. */
		CLOCK_FORWARD,

		/** The clock is set back, wrongly. */
		CLOCK_BACK,

		/** The clock is a little off. */
		CLOCK_SKEWED,

		/** The clock is put right. */
		CLOCK_RIGHT,

		/** The machine sleeps: the world goes on without it. */
		SUSPEND

	}

}
