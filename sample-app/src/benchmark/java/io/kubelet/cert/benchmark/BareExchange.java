package io.kubelet.cert.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;

import javax.net.SocketFactory;

import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequestSpec;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/**
 * The control plane's own part of a rotation: how long it takes from a request until the
 * certificate is seen on a watch, for a client that does nothing else. The keys and
 * requests are made before, the watch is open all the time, and nothing is stored or
 * parsed.
 */
final class BareExchange {

	private static final String LABEL = "benchmark";

	private final String run = UUID.randomUUID().toString();

	private final Semaphore issued = new Semaphore(0);

	private final CertificatesV1Api api;

	private final OkHttpClient http;

	private BareExchange(String kubeconfig) {
		KubeconfigSource source = new KubeconfigSource(Path.of(kubeconfig), null);
		ApiClient client = new ApiClientProvider(source, null, null, (task) -> {
			Thread thread = new Thread(task);
			thread.setDaemon(true);
			return thread;
		}, (files, look, late, delay) -> () -> {
		}, Clock.systemUTC()).supplier(() -> null).get();
		this.api = new CertificatesV1Api(client);
		this.http = client.getHttpClient()
			.newBuilder()
			.readTimeout(Duration.ZERO)
			.socketFactory(new NoDelaySocketFactory())
			.build();
	}

	/**
	 * Arguments: the kubeconfig, the number of warm-up rounds, rounds, and requests in
	 * each.
	 */
	public static void main(String[] args) throws Exception {
		int warmUp = Integer.parseInt(args[1]);
		int rounds = Integer.parseInt(args[2]);
		int together = Integer.parseInt(args[3]);
		BareExchange exchange = new BareExchange(args[0]);
		exchange.watch();
		for (int round = 0; round < warmUp + rounds; round++) {
			List<Request> requests = exchange.requests(together);
			long start = System.nanoTime();
			requests.forEach(exchange::send);
			exchange.issued.acquire(together);
			if (round >= warmUp) {
				Figures.print("bare.ms", (System.nanoTime() - start) / 1e6);
			}
		}
		System.exit(0);
	}

	private List<Request> requests(int number) throws ApiException {
		List<Request> requests = new ArrayList<>();
		for (int count = 0; count < number; count++) {
			KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
			requests.add(this.api.createCertificateSigningRequest(object(keys)).buildCall(null).request());
		}
		return requests;
	}

	private V1CertificateSigningRequest object(KeyPair keys) {
		String pkcs10 = CertificateRequests
			.create(null, Engine.template(0), Engine.SIGNER,
					Usage.defaults(Engine.SIGNER, Engine.template(0), keys.getPublic()), null, keys)
			.pkcs10();
		return new V1CertificateSigningRequest().apiVersion("certificates.k8s.io/v1")
			.kind("CertificateSigningRequest")
			.metadata(new V1ObjectMeta().name("benchmark-" + UUID.randomUUID()).labels(Map.of(LABEL, this.run)))
			.spec(new V1CertificateSigningRequestSpec().request(pkcs10.getBytes(StandardCharsets.US_ASCII))
				.signerName(Engine.SIGNER.toString())
				.usages(List.of("digital signature", "client auth")));
	}

	private void send(Request request) {
		this.http.newCall(request).enqueue(new Callback() {

			@Override
			public void onResponse(Call call, Response response) throws IOException {
				try (response) {
					if (!response.isSuccessful()) {
						fail(new IOException("The server answered " + response.code()));
					}
					response.body().bytes();
				}
			}

			@Override
			public void onFailure(Call call, IOException ex) {
				fail(ex);
			}

		});
	}

	/** Counts the certificates that come. */
	private void watch() throws ApiException, IOException {
		Request request = this.api.listCertificateSigningRequest()
			.watch(true)
			.timeoutSeconds(3600)
			.labelSelector(LABEL + "=" + this.run)
			.buildCall(null)
			.request();
		Response response = this.http.newCall(request).execute();
		Thread reader = new Thread(() -> {
			try (BufferedReader lines = new BufferedReader(
					new InputStreamReader(response.body().byteStream(), StandardCharsets.UTF_8))) {
				for (String line = lines.readLine(); line != null; line = lines.readLine()) {
					if (line.contains("\"certificate\":\"")) {
						this.issued.release();
					}
				}
				fail(new IOException("The watch ended"));
			}
			catch (IOException ex) {
				fail(ex);
			}
		});
		reader.setDaemon(true);
		reader.start();
	}

	private static void fail(IOException failure) {
		failure.printStackTrace();
		System.exit(1);
	}

	private static final class NoDelaySocketFactory extends SocketFactory {

		@Override
		public Socket createSocket() throws IOException {
			Socket socket = new Socket();
			socket.setTcpNoDelay(true);
			return socket;
		}

		@Override
		public Socket createSocket(String host, int port) {
			throw new UnsupportedOperationException();
		}

		@Override
		public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
			throw new UnsupportedOperationException();
		}

		@Override
		public Socket createSocket(InetAddress host, int port) {
			throw new UnsupportedOperationException();
		}

		@Override
		public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort) {
			throw new UnsupportedOperationException();
		}

	}

}
