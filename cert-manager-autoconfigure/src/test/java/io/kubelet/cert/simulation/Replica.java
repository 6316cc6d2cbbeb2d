package io.kubelet.cert.simulation;

import java.time.Clock;
import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A replica of an application, whose clock is wrong by up to half a minute.
 */
final class Replica extends SimulatedProcess {

	private final SharedSecret secret;

	private final Clock clock;

	private SharedSecret.@Nullable View view;

	/** The number of its template. */
	int template;

	Replica(World world, SimulatedServer server, SharedSecret secret) {
		super(world, server);
		this.secret = secret;
		this.clock = Clock.offset(world.time, Duration.ofSeconds(world.random.nextInt(61) - 30));
	}

	@Override
	CertificateManagerBuilder newManager() {
		ProcessScheduler life = this.life;
		this.view = this.secret.new View(this);
		return new CertificateManagerBuilder("shop").store(this.view)
			.executor((task) -> life.schedule(task, Duration.ZERO))
			.clock(this.clock)
			.template(template(this.template));
	}

	static CertificateTemplate template(int number) {
		return CertificateTemplate.ofSubject("shop").withDnsNames(List.of("v" + number + ".shop.svc"));
	}

	@Override
	void changeTemplate() {
		this.secret.newestTemplate++;
		update();
	}

	/** Starts the newest version of the application in its place. */
	void update() {
		die();
		this.template = this.secret.newestTemplate;
		start();
	}

	@Override
	boolean stores(CertificateRequest request) {
		return this.secret.holds(request);
	}

	@Override
	void created(SigningObject object) {
		object.abandoned = !stores(object.request);
	}

	@Override
	void check() {
		CertificatePair pair = served();
		this.world.require(pair == null || !this.world.time.instant().minusSeconds(31).isAfter(pair.notAfter()),
				"an expired pair is served");
	}

	@Override
	void die() {
		this.secret.kills++;
		this.view = null;
		super.die();
	}

	@Override
	void connected() {
		refresh();
		super.connected();
	}

	/** The watch of the Secret is behind for as long as the replica is cut off. */
	void refresh() {
		if (this.view != null && !isCutOff()) {
			this.view.refresh();
		}
	}

}
