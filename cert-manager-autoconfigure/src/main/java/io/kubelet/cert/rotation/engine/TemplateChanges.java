package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.RetrySchedule;
import org.jspecify.annotations.Nullable;

/**
 * Requests for one template after the other are made ever more seldom, by the growing
 * waits of the retry schedule: a template that never settles makes no storm. The first
 * change is requested at once, and so is one after a while without.
 */
final class TemplateChanges {

	private final RetrySchedule schedule;

	private @Nullable CertificateTemplate requested;

	private int count;

	private Pause pause = Pause.NONE;

	/** While it lasts, another change follows close. */
	private Pause unsettled = Pause.NONE;

	TemplateChanges(RetrySchedule schedule) {
		this.schedule = schedule;
	}

	void requested(CertificateTemplate template, Instant now) {
		if (this.requested != null && !this.requested.equals(template)) {
			this.count = this.unsettled.isOver(now) ? 1 : this.count + 1;
			Duration wait = this.schedule.growing(this.count);
			this.pause = Pause.of(now, wait);
			this.unsettled = Pause.of(now, wait.plus(this.schedule.interval()));
		}
		this.requested = template;
	}

	/** In which a template is not requested yet. */
	Pause pause(CertificateTemplate template) {
		return template.equals(this.requested) ? Pause.NONE : this.pause;
	}

	void endPause() {
		this.pause = Pause.NONE;
	}

}
