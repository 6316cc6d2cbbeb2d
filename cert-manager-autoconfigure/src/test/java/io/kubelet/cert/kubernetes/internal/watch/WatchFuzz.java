package io.kubelet.cert.kubernetes.internal.watch;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.autoconfigure.kubelet.NodeAddresses;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.testsupport.FuzzedInput;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.BufferedSource;
import org.slf4j.LoggerFactory;

import org.springframework.test.util.ReflectionTestUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for a list, or the events of a watch, that fail otherwise than with a report, or
 * leave the objects that are known in disorder; also as the addresses of a node, and as
 * the authorities in a ConfigMap or in ClusterTrustBundles.
 */
class WatchFuzz {

	private static final List<Integer> STATUS = List.of(200, 200, 200, 404, 410, 429, 500);

	private static final Selection SELECTION = Selection.byName("shop", "/things");

	/**
	 * What the server answers. Another client for each answer would take most of the
	 * time.
	 */
	private static volatile Answer answer = new Answer(200, new byte[0]);

	private static final ApiClient CLIENT = client();

	/** The informers are given what was read. */
	private static final Executor NEVER = (task) -> {
	};

	private static final Logger ADDRESSES = (Logger) LoggerFactory.getLogger(NodeAddresses.class);

	@FuzzTest
	void answers(byte[] bytes) {
		ADDRESSES.setLevel(Level.WARN);
		try {
			FuzzedInput.requireCheap(() -> read(new FuzzedInput(bytes)));
		}
		finally {
			ADDRESSES.setLevel(null);
		}
	}

	private static void read(FuzzedInput input) {
		switch (input.nextInt(4)) {
			case 0 -> read(new Informer(SELECTION, "The things", (status) -> "remedy", (state) -> {
			}, ApiClient::new, NEVER), input, () -> {
			});
			case 1 -> {
				NodeAddresses addresses = new NodeAddresses("shop", ApiClient::new, NEVER);
				read(informerOf(addresses), input, () -> look(addresses));
			}
			case 2 -> readAuthorities(PublishedAuthorities.Place.configMap("shop", "authorities", "ca.crt"), input);
			default -> readAuthorities(PublishedAuthorities.Place.trustBundles("example.com/shop", ""), input);
		}
	}

	private static void readAuthorities(PublishedAuthorities.Place place, FuzzedInput input) {
		PublishedAuthorities authorities = new PublishedAuthorities(place, ApiClient::new, NEVER);
		read(informerOf(authorities), input, () -> look(authorities));
	}

	private static void look(NodeAddresses addresses) {
		assertThat(addresses.addresses()).doesNotContainNull();
		FuzzedInput.requireShowable(addresses.description());
	}

	private static void look(PublishedAuthorities authorities) {
		FuzzedInput.requireShowable(String.valueOf(authorities.problem()));
		try {
			assertThat(authorities.read().authorities()).isNotEmpty().doesNotHaveDuplicates();
		}
		catch (KubernetesConfigurationException ex) {
			String.valueOf(ex.getMessage()).lines().forEach(FuzzedInput::requireShowable);
		}
	}

	private static Informer informerOf(Object source) {
		return (Informer) Objects.requireNonNull(ReflectionTestUtils.getField(source, "informer"));
	}

	private static void read(Informer informer, FuzzedInput input, Runnable look) {
		answer = new Answer(input.one(STATUS), input.nextBoolean() ? input.some() : input.rest());
		byte[] events = input.rest();
		attempt(() -> {
			List<JsonObject> objects = WatchJson.list(CLIENT, SELECTION, (object) -> true).objects();
			informer.listed(objects);
			assertThat(informer.state().objects()).hasSizeLessThanOrEqualTo(objects.size());
			look.run();
		});
		BufferedSource lines = new Buffer().write(events);
		attempt(() -> {
			for (String line = ApiObjects.line(lines); line != null; line = ApiObjects.line(lines)) {
				WatchJson.Event event = WatchJson.event(line);
				assertThat(event.resourceVersion()).isNotNull();
				if (event.object() != null && event.deletes()) {
					informer.deleted(event.object());
				}
				else if (event.object() != null) {
					informer.changed(event.object());
					assertThat(informer.state().objects()).contains(event.object());
				}
				look.run();
			}
		});
	}

	/** What a reflector reports, or what it takes for a failure of the observer. */
	private static void attempt(Reading reading) {
		try {
			reading.read();
		}
		catch (IOException | ApiException ex) {
			CertificateManagerException failure = new ApiFailures("https://api.example").translate(ex, null);
			String.valueOf(failure.getMessage()).lines().forEach(FuzzedInput::requireShowable);
		}
		catch (JsonParseException ex) {
			// An object without a name
		}
	}

	private static ApiClient client() {
		ApiClient client = new ApiClient();
		client.setBasePath("http://127.0.0.1:1");
		return client.setHttpClient(
				new OkHttpClient.Builder()
					.addInterceptor((chain) -> new Response.Builder().code(answer.status)
						.message("")
						.protocol(Protocol.HTTP_1_1)
						.request(chain.request())
						.body(ResponseBody.create(answer.body, MediaType.get("application/json")))
						.build())
					.build());
	}

	private record Answer(int status, byte[] body) {
	}

	private interface Reading {

		void read() throws IOException, ApiException;

	}

}
