package io.kubelet.cert.sample;

import java.security.cert.X509Certificate;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.certificate.peers.PeerIdentity;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.restclient.autoconfigure.RestClientSsl;
import org.springframework.context.annotation.Profile;
import org.springframework.core.env.Environment;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/**
 * Asks the orders service, with mutual TLS, every five seconds and for each request.
 * Here, this application is the orders service as well: each side presents the
 * certificate of the shop, and accepts it by its URI. Both follow its rotation.
 */
@RestController
@EnableScheduling
@Profile("!node")
class Shop {

	private final RestClient client;

	private final Environment environment;

	Shop(RestClient.Builder builder, RestClientSsl ssl, Environment environment) {
		this.client = builder.apply(ssl.fromBundle("shop")).build();
		this.environment = environment;
	}

	@GetMapping("/")
	@Scheduled(fixedDelay = 5, timeUnit = TimeUnit.SECONDS)
	@Nullable String shop() {
		return this.client.get()
			.uri("https://localhost:{port}/orders", this.environment.getProperty("local.server.port"))
			.retrieve()
			.body(String.class);
	}

	@GetMapping("/orders")
	String orders(@RequestAttribute(name = "jakarta.servlet.request.X509Certificate",
			required = false) X509Certificate @Nullable [] caller) {
		return "The orders of " + ((caller != null) ? PeerIdentity.of(caller[0]).uri() : "nobody") + "\n";
	}

}
