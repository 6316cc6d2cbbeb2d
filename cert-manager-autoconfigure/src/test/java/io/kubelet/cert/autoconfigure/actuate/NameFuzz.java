package io.kubelet.cert.autoconfigure.actuate;

import java.net.InetSocketAddress;
import java.security.KeyPair;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.PeerRefusedException;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.RefusedPeers;
import io.kubelet.cert.certificate.peers.SeenPeers;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.testsupport.FuzzedCertificate;
import io.kubelet.cert.testsupport.FuzzedInput;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for names in a certificate, the one in use or that of a peer, that break a line
 * of the log, the JSON of the endpoint, a sample of the metrics, or a header of the
 * stored request.
 */
class NameFuzz {

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private static final CertificateRequest REQUEST = CertificateRequests.create("shop",
			CertificateTemplate.ofSubject("shop"), Signer.of("example.com/shop"), List.of(Usage.CLIENT_AUTH), null,
			KEYS);

	private static final AcceptedPeers SHOP = new AcceptedPeers.Named(List.of(), Set.of("shop.svc"), Set.of("shop"));

	private static final InetSocketAddress ADDRESS = InetSocketAddress.createUnresolved("192.0.2.1", 443);

	private static final Clock CLOCK = Clock.fixed(FuzzedCertificate.NOW, ZoneOffset.UTC);

	private static final Pattern HEADERS = Pattern
		.compile("-----BEGIN [A-Z ]+-----\\n([A-Za-z-]+: [A-Za-z0-9.*_+%,-]+\\n)+\\n([A-Za-z0-9+/=]+\\n)+-----END");

	private static final Logger LOGGER = ((LoggerContext) LoggerFactory.getILoggerFactory())
		.getLogger(RefusedPeers.class);

	private static final ListAppender<ILoggingEvent> LOG = new ListAppender<>();

	private static final FixedManager MANAGER = new FixedManager(new TestAuthority("names"));

	private static final CertificateManagers MANAGERS = new CertificateManagers(List.of(MANAGER));

	private static final PrometheusMeterRegistry REGISTRY = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

	private static final CertificateMetrics METRICS = new CertificateMetrics(MANAGERS, (name) -> Trust.system(), CLOCK);

	static {
		REGISTRY.config().meterFilter(MeterFilter.denyUnless((id) -> id.getName().equals("kubelet.cert.info")));
		METRICS.bindTo(REGISTRY);
	}

	@FuzzTest
	void names(byte[] bytes) {
		String pem = FuzzedCertificate.pem(new FuzzedInput(bytes), KEYS.getPublic());
		LOG.start();
		LOGGER.setAdditive(false);
		LOGGER.addAppender(LOG);
		try {
			FuzzedInput.requireCheap(() -> show(pem));
		}
		finally {
			LOGGER.detachAppender(LOG);
			LOGGER.setAdditive(true);
		}
	}

	private static void show(String pem) {
		try {
			show(CertificatePair.of(Pem.readCertificates(pem), KEYS));
		}
		catch (MalformedPemException | IllegalArgumentException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
		}
	}

	private static void show(CertificatePair pair) {
		SeenPeers seen = new SeenPeers(CLOCK);
		seen.add(PeerRole.CLIENT, SHOP.nameOf(pair.leaf()), pair.leaf(), pair.leaf(), FuzzedCertificate.NOW);
		MANAGER.use(pair);
		CertificatesEndpoint endpoint = new CertificatesEndpoint(MANAGERS, (name) -> seen.list(Map.of()),
				(name) -> null, (name) -> null);
		json(endpoint.certificates());
		json(endpoint.peers("test"));
		refuse(pair.leaf());
		METRICS.onEvent(new RotationEvent.Rotated("test", null, pair));
		assertThat(REGISTRY.scrape().lines()).hasSize(3);
		store(pair);
	}

	private static void json(@Nullable Object content) {
		requireShowable(JsonMapper.shared().readTree(JsonMapper.shared().writeValueAsBytes(content)));
	}

	private static void requireShowable(JsonNode node) {
		if (node.isString()) {
			FuzzedInput.requireShowable(node.stringValue());
		}
		node.forEach(NameFuzz::requireShowable);
	}

	/** For each reason that a certificate is named for. */
	private static void refuse(X509Certificate leaf) {
		RefusedPeers refused = new RefusedPeers("the SSL bundle 'shop'", (task) -> {
		});
		LOG.list.clear();
		try {
			SHOP.require(leaf);
		}
		catch (PeerRefusedException ex) {
			refused.add(PeerRole.CLIENT, new X509Certificate[] { leaf }, ADDRESS, ex);
		}
		for (Exception failure : List.of(new CertPathBuilderException(), new CertificateExpiredException(),
				new CertificateException(leaf.getSubjectX500Principal().toString()))) {
			refused.add(PeerRole.SERVER, new X509Certificate[] { leaf }, ADDRESS, failure);
		}
		assertThat(LOG.list).hasSizeGreaterThan(2);
		LOG.list.forEach((event) -> FuzzedInput.requireShowable(event.getFormattedMessage()));
	}

	/** The names that were requested are headers of the stored request. */
	private static void store(CertificatePair pair) {
		CertificateTemplate template = CertificateTemplate.of(pair.leaf());
		CertificateRequest request = new CertificateRequest("shop", null, null, template, REQUEST.signer(),
				REQUEST.usages(), null, REQUEST.pkcs10(), REQUEST.publicKey());
		String stored = new PendingRequest(request, KEYS.getPrivate(), null, null).toPem();
		assertThat(HEADERS.matcher(stored).lookingAt()).as(stored).isTrue();
	}

}
