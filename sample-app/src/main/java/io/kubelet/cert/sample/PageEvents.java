package io.kubelet.cert.sample;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.actuate.CertificatesEndpoint.CertificateDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.http.MediaType;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * Sends open pages what the endpoint reports and what TLS presents, as soon as either
 * changes.
 */
@RestController
@EnableScheduling
class PageEvents {

	private static final Duration SILENCE = Duration.ofSeconds(10);

	private final Set<SseEmitter> pages = new CopyOnWriteArraySet<>();

	private final CertificatesEndpoint endpoint;

	private final PresentedCertificate presented;

	private volatile @Nullable Report last;

	PageEvents(CertificatesEndpoint endpoint, PresentedCertificate presented) {
		this.endpoint = endpoint;
		this.presented = presented;
	}

	/**
	 * A handshake for each page that is opened would keep the server busy, so a page gets
	 * what the others have got, or waits for the next report.
	 */
	@GetMapping(path = "/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
	SseEmitter open() {
		SseEmitter page = new SseEmitter(0L);
		page.onCompletion(() -> this.pages.remove(page));
		page.onError((ex) -> this.pages.remove(page));
		this.pages.add(page);
		Report last = this.last;
		if (last != null && !isOutdated(last)) {
			send(page, new Report(Instant.now(), last.certificates, last.presented));
		}
		return page;
	}

	@Scheduled(fixedDelay = 500)
	void send() {
		if (this.pages.isEmpty()) {
			return;
		}
		Report last = this.last;
		if (last == null || isOutdated(last)) {
			Report report = report();
			this.last = report;
			this.pages.forEach((page) -> send(page, report));
		}
	}

	private boolean isOutdated(Report report) {
		return !certificates().equals(report.certificates) || Instant.now().isAfter(report.now.plus(SILENCE));
	}

	/** Otherwise the open pages delay the end of the application. */
	@EventListener(ContextClosedEvent.class)
	void close() {
		this.pages.forEach(SseEmitter::complete);
	}

	private Report report() {
		return new Report(Instant.now(), certificates(), this.presented.look());
	}

	private Map<String, CertificateDescriptor> certificates() {
		return this.endpoint.certificates().certificates();
	}

	private void send(SseEmitter page, Report report) {
		try {
			page.send(SseEmitter.event().name("report").data(report, MediaType.APPLICATION_JSON));
		}
		catch (IOException | IllegalStateException ex) {
			// The page has been closed
			this.pages.remove(page);
		}
	}

	record Report(Instant now, Map<String, CertificateDescriptor> certificates, PresentedCertificate.Look presented) {

	}

}
