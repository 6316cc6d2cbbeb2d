package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;

/**
 * Replicas that share a Secret, with kills, partitions, clocks that differ, denials and
 * rolling updates.
 */
final class ReplicasSimulation extends Simulation {

	private final SharedSecret secret = new SharedSecret(this.world, this.server);

	private final List<Replica> replicas;

	ReplicasSimulation(History history, boolean keepsRequests) {
		super(history, keepsRequests);
		KeyPool keys = new KeyPool();
		Random random = new Random(history.seed());
		this.replicas = Stream.generate(() -> new Replica(this.world, this.server, this.secret, keys, random))
			.limit(history.processes())
			.toList();
	}

	SharedSecret secret() {
		return this.secret;
	}

	@Override
	List<Replica> processes() {
		return this.replicas;
	}

	/** The rolling update is finished, too. */
	@Override
	void heal() {
		this.server.approve(Approver.Mood.WELL);
		repairServer();
		for (Replica replica : this.replicas) {
			replica.cutOff(false);
			replica.dieAt(null);
			if (replica.template != this.secret.newestTemplate) {
				replica.changeTemplate(this.secret.newestTemplate);
			}
			replica.start();
			pass(Duration.ofMinutes(1));
		}
		// The longest pause after denials
		pass(Duration.ofMinutes(140));
		awaitAnswer();
		int creates = this.secret.creates;
		int pairs = this.secret.pairs;
		pass(Duration.ofHours(4));
		awaitAnswer();
		this.world.require(this.secret.creates - creates == this.secret.pairs - pairs, "%d creates for %d pairs",
				this.secret.creates - creates, this.secret.pairs - pairs);
		checkAgreement();
	}

	private void awaitAnswer() {
		if (this.secret.stored().pending() != null) {
			pass(Duration.ofMinutes(1));
		}
	}

	private void checkAgreement() {
		CertificatePair stored = this.secret.stored().pair();
		this.world.require(
				stored != null && this.replicas.stream().allMatch((replica) -> stored.equals(replica.served())),
				"the replicas do not agree");
		this.world.require(stored != null && Replica.template(this.secret.newestTemplate).isSatisfiedBy(stored.leaf()),
				"the newest template has not won");
		this.world.require(
				this.secret.creates <= this.secret.pairs + this.secret.denials + this.secret.abandoned
						+ this.secret.recreations,
				"%d creates for %d pairs, %d denials, %d abandoned requests", this.secret.creates, this.secret.pairs,
				this.secret.denials, this.secret.abandoned);
		this.world.require(this.secret.recreations <= this.secret.kills,
				"%d requests were created again after %d kills", this.secret.recreations, this.secret.kills);
	}

}
