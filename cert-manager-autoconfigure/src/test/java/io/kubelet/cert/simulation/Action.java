package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * What can happen.
 */
enum Action {

	/** Nothing. */
	NOTHING((turn) -> {
	}),

	/** The server answers again, as it should. */
	SERVER_WELL((turn) -> turn.server.become(SimulatedServer.Mood.WELL)),

	/** The server cannot be reached. */
	SERVER_DOWN((turn) -> turn.server.become(SimulatedServer.Mood.DOWN)),

	/** The server says 429, and when to come back. */
	SERVER_BUSY((turn) -> turn.server.become(SimulatedServer.Mood.BUSY)),

	/** The server says 403. */
	SERVER_FORBIDS((turn) -> turn.server.become(SimulatedServer.Mood.FORBIDS)),

	/** The server says 422. */
	SERVER_REJECTS((turn) -> turn.server.become(SimulatedServer.Mood.REJECTS)),

	/** The server creates objects, but its answer is lost. */
	ANSWERS_LOST((turn) -> turn.server.become(SimulatedServer.Mood.LOSES_ANSWERS)),

	/** The server creates objects, but no watch ever says a word. */
	WATCHES_SILENT((turn) -> turn.server.become(SimulatedServer.Mood.SILENT)),

	/** The approver and the signer do their work at once. */
	APPROVER_WELL((turn) -> turn.approve(Approver.Mood.WELL)),

	/** The approver takes minutes. */
	APPROVER_SLOW((turn) -> turn.approve(Approver.Mood.SLOW)),

	/** The approver takes longer than the engine waits. */
	APPROVER_VERY_SLOW((turn) -> turn.approve(Approver.Mood.VERY_SLOW)),

	/** Nobody approves. */
	APPROVER_AWAY((turn) -> turn.approve(Approver.Mood.AWAY)),

	/** The approver denies. */
	APPROVER_DENIES((turn) -> turn.approve(Approver.Mood.DENIES)),

	/** The signer fails. */
	SIGNER_FAILS((turn) -> turn.approve(Approver.Mood.FAILS)),

	/** The signer issues something else than was asked for. */
	SIGNER_WRONG((turn) -> turn.approve(Approver.Mood.WRONG)),

	/** Somebody deletes a certificate's requests. */
	REQUESTS_DELETED((turn) -> turn.ownObjects().forEach(turn.server::delete)),

	/** Somebody replaces a certificate's open requests by others of the same name. */
	REQUESTS_REPLACED((turn) -> turn.ownObjects().forEach(turn.server::replace)),

	/** A template changes. */
	TEMPLATE_CHANGES((turn) -> turn.certificate.changeTemplate()),

	/** A template is not known any more. */
	TEMPLATE_UNKNOWN((turn) -> turn.certificate.forgetTemplate()),

	/** A disk cannot be written. */
	DISK_READ_ONLY((turn) -> turn.certificate.disk(false, true)),

	/** A disk can be neither read nor written. */
	DISK_BROKEN((turn) -> turn.certificate.disk(true, true)),

	/** A disk is well again. */
	DISK_WELL((turn) -> turn.certificate.disk(false, false)),

	/** Another program stores a pair. */
	STORED_BY_ANOTHER((turn) -> turn.certificate.storeByAnother()),

	/** Somebody asks for a rotation. */
	ROTATE((turn) -> turn.certificate.rotate()),

	/** The process is stopped and started again. */
	RESTART((turn) -> turn.restart(SimulatedCertificate::stop)),

	/** The process dies and is started again. */
	CRASH((turn) -> turn.restart(SimulatedCertificate::die)),

	/** The process dies while it makes its next request. */
	CRASH_IN_REQUEST((turn) -> turn.certificate.dieInRequest(turn.even())),

	/** The clock is set forward, wrongly. */
	CLOCK_FORWARD((turn) -> turn.setClock(turn.world.error().plus(turn.jump()))),

	/** The clock is set back, wrongly. */
	CLOCK_BACK((turn) -> turn.setClock(turn.world.error().minus(turn.jump()))),

	/** The clock is a little off. */
	CLOCK_SKEWED((turn) -> turn.setClock(turn.even() ? Turn.SKEW : Turn.SKEW.negated())),

	/** The clock is put right. */
	CLOCK_RIGHT((turn) -> turn.setClock(Duration.ZERO)),

	/** The machine sleeps: the world goes on without it. */
	SUSPEND(Turn::suspend);

	private final Consumer<Turn> happens;

	Action(Consumer<Turn> happens) {
		this.happens = happens;
	}

	void perform(Step step, World world, SimulatedServer server, List<SimulatedCertificate> certificates,
			History history) {
		this.happens.accept(new Turn(step, world, server, certificates, history,
				certificates.get(step.certificate() % certificates.size())));
	}

	/** What happens in it, and to which certificate. */
	private record Turn(Step step, World world, SimulatedServer server, List<SimulatedCertificate> certificates,
			History history, SimulatedCertificate certificate) {

		private static final Duration SKEW = Duration.ofMinutes(3);

		private void approve(Approver.Mood mood) {
			this.server.approver().become(mood, this.server.objects().stream().filter(SigningObject::isOpen).toList());
		}

		private List<SigningObject> ownObjects() {
			return this.server.objects().stream().filter((object) -> object.owner == this.certificate).toList();
		}

		private void restart(Consumer<SimulatedCertificate> end) {
			this.certificates.forEach((one) -> {
				end.accept(one);
				one.start();
			});
		}

		private void setClock(Duration error) {
			this.world.setError(error);
			this.certificates.forEach(SimulatedCertificate::clockWasSet);
		}

		private void suspend() {
			this.world.suspend(this.step.pass());
			this.certificates.forEach(SimulatedCertificate::clockWasSet);
		}

		private boolean even() {
			return this.step.certificate() % 2 == 0;
		}

		private Duration jump() {
			return even() ? Duration.ofMinutes(10) : this.history.lifetime().multipliedBy(2);
		}

	}

}
