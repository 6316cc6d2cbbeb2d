package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.function.BiConsumer;

import io.kubelet.cert.simulation.SimulatedProcess.Moment;

/**
 * What can happen, in a simulation and to one of its processes.
 */
enum Action {

	/** Nothing. */
	NOTHING((simulation, process) -> {
	}),

	/** The server answers again, as it should. */
	SERVER_WELL((simulation, process) -> simulation.repairServer()),

	/** The server cannot be reached. */
	SERVER_DOWN((simulation, process) -> simulation.server.become(SimulatedServer.Mood.DOWN)),

	/** The server says 429, and when to come back. */
	SERVER_BUSY((simulation, process) -> simulation.server.become(SimulatedServer.Mood.BUSY)),

	/** The server says 403. */
	SERVER_FORBIDS((simulation, process) -> simulation.server.become(SimulatedServer.Mood.FORBIDS)),

	/** The server says 422. */
	SERVER_REJECTS((simulation, process) -> simulation.server.become(SimulatedServer.Mood.REJECTS)),

	/** The server creates objects, but its answer is lost. */
	ANSWERS_LOST((simulation, process) -> simulation.server.become(SimulatedServer.Mood.LOSES_ANSWERS)),

	/** The server creates objects, but no watch ever sends anything. */
	WATCHES_SILENT((simulation, process) -> simulation.server.become(SimulatedServer.Mood.SILENT)),

	/** The approver and the signer do their work at once. */
	APPROVER_WELL((simulation, process) -> simulation.server.approve(Approver.Mood.WELL)),

	/** The approver takes minutes. */
	APPROVER_SLOW((simulation, process) -> simulation.server.approve(Approver.Mood.SLOW)),

	/** The approver takes longer than the engine waits. */
	APPROVER_VERY_SLOW((simulation, process) -> simulation.server.approve(Approver.Mood.VERY_SLOW)),

	/** Nobody approves. */
	APPROVER_AWAY((simulation, process) -> simulation.server.approve(Approver.Mood.AWAY)),

	/** The approver denies. */
	APPROVER_DENIES((simulation, process) -> simulation.server.approve(Approver.Mood.DENIES)),

	/** The signer fails. */
	SIGNER_FAILS((simulation, process) -> simulation.server.approve(Approver.Mood.FAILS)),

	/** The signer issues something else than was requested. */
	SIGNER_WRONG((simulation, process) -> simulation.server.approve(Approver.Mood.WRONG)),

	/** Somebody deletes the requests. */
	REQUESTS_DELETED((simulation, process) -> simulation.server.objects().forEach(simulation.server::delete)),

	/** Somebody replaces the requests by others of the same name. */
	REQUESTS_REPLACED((simulation, process) -> simulation.server.objects().forEach(simulation.server::replace)),

	/**
	 * The template changes; of a replica, as in a rolling update, which may stop there.
	 */
	TEMPLATE_CHANGES((simulation, process) -> process.changeTemplate()),

	/** The template is not known any more. */
	TEMPLATE_UNKNOWN((simulation, process) -> files(process).forgetTemplate()),

	/** The disk cannot be written. */
	DISK_READ_ONLY((simulation, process) -> files(process).disk(false, true)),

	/** The disk can be neither read nor written. */
	DISK_BROKEN((simulation, process) -> files(process).disk(true, true)),

	/** The disk is well again. */
	DISK_WELL((simulation, process) -> files(process).disk(false, false)),

	/** Another program stores a pair. */
	STORED_BY_ANOTHER((simulation, process) -> files(process).storeByAnother()),

	/** Somebody requests a rotation. */
	ROTATE((simulation, process) -> process.rotate()),

	/** The process is stopped and started again. */
	RESTART((simulation, process) -> {
		process.stop();
		process.start();
	}),

	/** The process dies and is started again. */
	CRASH((simulation, process) -> {
		process.die();
		process.start();
	}),

	/** The process dies. */
	DEATH((simulation, process) -> process.die()),

	/** The process dies while it makes its next request. */
	CRASH_BEFORE_CREATION((simulation, process) -> process.death = Moment.BEFORE_CREATION),

	/** The process dies when its next request has been created. */
	CRASH_AFTER_CREATION((simulation, process) -> process.death = Moment.AFTER_CREATION),

	/** The process dies before it stores something in the Secret. */
	CRASH_BEFORE_STORING((simulation, process) -> process.death = Moment.BEFORE_STORING),

	/** The process dies after it has stored something in the Secret. */
	CRASH_AFTER_STORING((simulation, process) -> process.death = Moment.AFTER_STORING),

	/** The process cannot reach the server. */
	CUT_OFF((simulation, process) -> process.cutOff(true)),

	/** The process can reach the server again. */
	CONNECTED((simulation, process) -> process.cutOff(false)),

	/** The clock is set forward, wrongly. */
	CLOCK_FORWARD((simulation, process) -> files(process).moveClock(Duration.ofMinutes(10))),

	/** The clock is set forward by two lifetimes. */
	CLOCK_FAR_FORWARD(
			(simulation, process) -> files(process).moveClock(simulation.world.history.lifetime().multipliedBy(2))),

	/** The clock is set back, wrongly. */
	CLOCK_BACK((simulation, process) -> files(process).moveClock(Duration.ofMinutes(-10))),

	/** The clock is set back by two lifetimes. */
	CLOCK_FAR_BACK(
			(simulation, process) -> files(process).moveClock(simulation.world.history.lifetime().multipliedBy(-2))),

	/** The clock is a little ahead. */
	CLOCK_AHEAD((simulation, process) -> files(process).setClock(Duration.ofMinutes(3))),

	/** The clock is a little behind. */
	CLOCK_BEHIND((simulation, process) -> files(process).setClock(Duration.ofMinutes(-3))),

	/** The clock is put right. */
	CLOCK_RIGHT((simulation, process) -> files(process).setClock(Duration.ZERO)),

	/** The machine sleeps for some minutes. */
	SUSPEND((simulation, process) -> files(process).suspend(Duration.ofMinutes(20))),

	/** The machine sleeps for a lifetime. */
	LONG_SUSPEND((simulation, process) -> files(process).suspend(simulation.world.history.lifetime()));

	/** What can happen to replicas. Their clocks differ all the time. */
	static final List<Action> OF_REPLICAS = List.of(CRASH, DEATH, CRASH_BEFORE_STORING, CRASH_AFTER_STORING,
			CRASH_AFTER_CREATION, CUT_OFF, CONNECTED, APPROVER_DENIES, APPROVER_WELL, APPROVER_SLOW, APPROVER_WELL,
			SERVER_DOWN, SERVER_WELL, TEMPLATE_CHANGES, ROTATE);

	/** What can happen to a process that keeps its certificate in files. */
	static final List<Action> OF_FILES = List
		.copyOf(EnumSet.complementOf(EnumSet.of(DEATH, CRASH_BEFORE_STORING, CRASH_AFTER_STORING, CUT_OFF, CONNECTED)));

	/** What makes all well. */
	static final List<Action> HEALING = List.of(NOTHING, SERVER_WELL, APPROVER_WELL, DISK_WELL, CLOCK_RIGHT,
			TEMPLATE_CHANGES);

	private final BiConsumer<Simulation, SimulatedProcess> happens;

	Action(BiConsumer<Simulation, SimulatedProcess> happens) {
		this.happens = happens;
	}

	void perform(Simulation simulation, SimulatedProcess process) {
		this.happens.accept(simulation, process);
	}

	private static FilesProcess files(SimulatedProcess process) {
		return (FilesProcess) process;
	}

}
