package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.function.BiConsumer;

/**
 * What happens to a fleet, and for how long.
 */
enum Scenario {

	ROLLOUT("everything starts within 10 minutes, then five generations", Duration.ofMinutes(10), (fleet, on) -> {
	}),

	REPLICAS("the same, with replicas that share, three each", Duration.ofMinutes(10), (fleet, on) -> {
	}),

	CLOCKS("the same, with clocks up to a minute apart", Duration.ofMinutes(10), (fleet, on) -> {
	}),

	SERVER_10_MINUTES("API server away for 10 minutes", Duration.ofMinutes(10),
			(fleet, on) -> fleet.plane().serverAway(on)),

	SERVER_6_HOURS("API server away for 6 hours", Duration.ofHours(6), (fleet, on) -> fleet.plane().serverAway(on)),

	SERVER_3_DAYS("API server away for 3 days", Duration.ofDays(3), (fleet, on) -> fleet.plane().serverAway(on)),

	SIGNER_8_HOURS("signer away for 8 hours", Duration.ofHours(8), (fleet, on) -> fleet.plane().signerAway(on)),

	DENIALS("approver denies for an hour", Duration.ofHours(1), (fleet, on) -> fleet.plane().denying = on),

	WEBHOOK("webhook fails half of all calls for an hour", Duration.ofHours(1),
			(fleet, on) -> fleet.plane().failing = on ? 0.5 : 0),

	AUTHORITY("authority replaced: everything rotates within 10 minutes", Duration.ofMinutes(10),
			(fleet, on) -> fleet.rotate(on)),

	STORE("disks are full for an hour", Duration.ofHours(1),
			(fleet, on) -> fleet.applications().forEach((application) -> application.storeFails(on)));

	final String title;

	final Duration length;

	/** Begins and ends it. */
	final BiConsumer<Fleet, Boolean> disturbance;

	Scenario(String title, Duration length, BiConsumer<Fleet, Boolean> disturbance) {
		this.title = title;
		this.length = length;
		this.disturbance = disturbance;
	}

	/**
	 * Whether nobody gets a certificate meanwhile, so that there is a recovery from its
	 * end on. A webhook that fails half of all calls only delays certificates.
	 */
	boolean isOutage() {
		return !isRollout() && this != WEBHOOK && this != AUTHORITY;
	}

	/** Whether there is nobody to call meanwhile. */
	boolean isServerAway() {
		return !isRollout() && compareTo(SERVER_3_DAYS) <= 0;
	}

	/** Whether the fleet begins without certificates. */
	boolean isRollout() {
		return compareTo(CLOCKS) <= 0;
	}

}
