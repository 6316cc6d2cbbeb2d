package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes happen what a step says.
 */
final class Actions {

	private static final Duration SKEW = Duration.ofMinutes(3);

	private final World world;

	private final SimulatedServer server;

	private final SimulatedCertificate certificate;

	private Actions(World world, SimulatedServer server, SimulatedCertificate certificate) {
		this.world = world;
		this.server = server;
		this.certificate = certificate;
	}

	static void perform(Step step, World world, SimulatedServer server, List<SimulatedCertificate> certificates,
			History history) {
		SimulatedCertificate certificate = certificates.get(step.certificate() % certificates.size());
		Actions actions = new Actions(world, server, certificate);
		switch (step.action()) {
			case NOTHING -> {
			}
			case SERVER_WELL -> server.become(SimulatedServer.Mood.WELL);
			case SERVER_DOWN -> server.become(SimulatedServer.Mood.DOWN);
			case SERVER_BUSY -> server.become(SimulatedServer.Mood.BUSY);
			case SERVER_FORBIDS -> server.become(SimulatedServer.Mood.FORBIDS);
			case SERVER_REJECTS -> server.become(SimulatedServer.Mood.REJECTS);
			case ANSWERS_LOST -> server.become(SimulatedServer.Mood.LOSES_ANSWERS);
			case WATCHES_SILENT -> server.become(SimulatedServer.Mood.SILENT);
			case APPROVER_WELL -> actions.approve(Approver.Mood.WELL);
			case APPROVER_SLOW -> actions.approve(Approver.Mood.SLOW);
			case APPROVER_VERY_SLOW -> actions.approve(Approver.Mood.VERY_SLOW);
			case APPROVER_AWAY -> actions.approve(Approver.Mood.AWAY);
			case APPROVER_DENIES -> actions.approve(Approver.Mood.DENIES);
			case SIGNER_FAILS -> actions.approve(Approver.Mood.FAILS);
			case SIGNER_WRONG -> actions.approve(Approver.Mood.WRONG);
			case REQUESTS_DELETED -> actions.ownObjects().forEach(server::delete);
			case REQUESTS_REPLACED -> actions.ownObjects().forEach(server::replace);
			case TEMPLATE_CHANGES -> certificate.changeTemplate();
			case TEMPLATE_UNKNOWN -> certificate.forgetTemplate();
			case DISK_READ_ONLY -> certificate.disk(false, true);
			case DISK_BROKEN -> certificate.disk(true, true);
			case DISK_WELL -> certificate.disk(false, false);
			case STORED_BY_ANOTHER -> certificate.storeByAnother();
			case ROTATE -> certificate.rotate();
			case RESTART -> certificates.forEach((one) -> actions.restart(one, SimulatedCertificate::stop));
			case CRASH -> certificates.forEach((one) -> actions.restart(one, SimulatedCertificate::die));
			case CRASH_IN_REQUEST -> certificate.dieInRequest(step.certificate() % 2 == 0);
			case CLOCK_FORWARD -> actions.setClock(world.error().plus(jump(step, history)), certificates);
			case CLOCK_BACK -> actions.setClock(world.error().minus(jump(step, history)), certificates);
			case CLOCK_SKEWED -> actions.setClock((step.certificate() % 2 == 0) ? SKEW : SKEW.negated(), certificates);
			case CLOCK_RIGHT -> actions.setClock(Duration.ZERO, certificates);
			case SUSPEND -> {
				world.suspend(step.pass());
				certificates.forEach(SimulatedCertificate::clockWasSet);
			}
		}
	}

	private void approve(Approver.Mood mood) {
		this.server.approver().become(mood, this.server.objects().stream().filter(SigningObject::isOpen).toList());
	}

	private List<SigningObject> ownObjects() {
		return this.server.objects().stream().filter((object) -> object.owner == this.certificate).toList();
	}

	private void restart(SimulatedCertificate one, Consumer<SimulatedCertificate> end) {
		end.accept(one);
		one.start();
	}

	private void setClock(Duration error, List<SimulatedCertificate> certificates) {
		this.world.setError(error);
		certificates.forEach(SimulatedCertificate::clockWasSet);
	}

	private static Duration jump(Step step, History history) {
		return (step.certificate() % 2 == 0) ? Duration.ofMinutes(10) : history.lifetime().multipliedBy(2);
	}

}
