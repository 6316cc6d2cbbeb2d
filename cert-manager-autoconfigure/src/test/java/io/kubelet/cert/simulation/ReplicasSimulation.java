package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;

/**
 * Replicas that share a Secret, with kills, partitions, clocks that differ, denials and
 * rolling updates.
 */
final class ReplicasSimulation extends Simulation {

	final SharedSecret secret = new SharedSecret(this.world, this.server);

	ReplicasSimulation(History history, boolean keepsRequests) {
		super(history, keepsRequests);
		for (int i = 0; i < history.processes(); i++) {
			this.secret.replicas.add(new Replica(this.world, this.server, this.secret));
		}
	}

	@Override
	List<Replica> processes() {
		return this.secret.replicas;
	}

	/** The rolling update is finished, too. */
	@Override
	void heal() {
		this.server.approve(Approver.Mood.WELL);
		repairServer();
		for (Replica replica : this.secret.replicas) {
			replica.cutOff(false);
			replica.death = null;
			if (replica.template != this.secret.newestTemplate) {
				replica.update();
			}
			replica.start();
			pass(Duration.ofMinutes(1));
		}
		// The longest pause after denials
		pass(Duration.ofMinutes(140));
		awaitAnswer();
		int before = this.server.creates - this.secret.pairs;
		pass(Duration.ofHours(4));
		awaitAnswer();
		this.world.require(this.server.creates - this.secret.pairs == before, "not each request is answered");
		checkAgreement();
	}

	/** Until the answer has reached all, too, which is a matter of a second. */
	private void awaitAnswer() {
		for (int seconds = 0; seconds < 60 && isChanging(); seconds++) {
			pass(Duration.ofSeconds(1));
		}
	}

	private boolean isChanging() {
		return this.secret.stored.pending() != null
				|| this.world.now().minusSeconds(1).isBefore(this.secret.pairStoredAt);
	}

	private boolean agree() {
		CertificatePair stored = this.secret.stored.pair();
		return stored != null && this.secret.replicas.stream().allMatch((replica) -> stored.equals(replica.served()));
	}

	private void checkAgreement() {
		CertificatePair stored = this.secret.stored.pair();
		this.world.require(agree(), "the replicas do not agree");
		this.world.require(stored != null && Replica.template(this.secret.newestTemplate).isSatisfiedBy(stored.leaf()),
				"the newest template has not won");
		int denials = this.server.approver.denials;
		this.world.require(
				this.server.creates <= this.secret.pairs + denials + this.secret.abandoned + this.server.recreations,
				"%d creates for %d pairs, %d denials, %d abandoned requests", this.server.creates, this.secret.pairs,
				denials, this.secret.abandoned);
		this.world.require(this.server.recreations <= this.secret.kills + this.server.cleanedUp,
				"%d requests were created again after %d kills", this.server.recreations, this.secret.kills);
	}

}
