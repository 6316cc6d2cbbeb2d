package io.kubelet.cert.simulation;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;

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

	Replica(World world, SimulatedServer server, SharedSecret secret, KeyPool keys, Random random) {
		super(world, server, keys, random);
		this.secret = secret;
		this.clock = Clock.offset(world.time(), Duration.ofSeconds(random.nextInt(61) - 30));
	}

	@Override
	CertificateManagerBuilder newManager() {
		ProcessScheduler life = life();
		SharedSecret.View view = this.secret.new View(this);
		this.view = view;
		return new CertificateManagerBuilder("shop").store(view)
			.executor((task) -> life.schedule(task, Duration.ZERO))
			.clock(this.clock)
			.template(template(this.template));
	}

	static CertificateTemplate template(int number) {
		return CertificateTemplate.ofSubject("shop").withDnsNames(List.of("v" + number + ".shop.svc"));
	}

	@Override
	void changeTemplate() {
		changeTemplate(this.secret.newTemplate());
	}

	void changeTemplate(int template) {
		die();
		this.template = template;
		start();
	}

	@Override
	boolean stores(CertificateRequest request) {
		return this.secret.holds(request);
	}

	@Override
	void created(SigningObject object) {
		this.secret.created(object);
	}

	@Override
	void answeredAgainst() {
		this.secret.denials++;
	}

	boolean isAlive(SharedSecret.View view) {
		return manager() != null && view == this.view;
	}

	@Override
	void check() {
		CertificatePair pair = served();
		this.world.require(pair == null || !this.world.time().instant().minusSeconds(31).isAfter(pair.notAfter()),
				"an expired pair is served");
	}

	@Override
	void die() {
		this.secret.kills++;
		super.die();
	}

	@Override
	void connected() {
		if (this.view != null) {
			this.view.refresh();
		}
		super.connected();
	}

}
