package io.kubelet.cert.sample;

import java.net.ConnectException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link WhoAmIController}.
 *
 * @see WhoAmIController
 */
class WhoAmIControllerTests {

	/** When each call has begun. */
	private final List<Instant> begun = new ArrayList<>();

	/** When each call has failed. */
	private final List<Instant> failed = new ArrayList<>();

	/** As long as the attempt to connect takes, the next request waits. */
	@Test
	void failureIsKeptForASecondFromItsEnd() {
		OkHttpClient slow = new OkHttpClient.Builder().addInterceptor((chain) -> {
			this.begun.add(Instant.now());
			await();
			this.failed.add(Instant.now());
			throw new ConnectException("refused");
		}).build();
		CertificateManager manager = mock(CertificateManager.class);
		given(manager.name()).willReturn("kubelet-client");
		given(manager.current()).willReturn(Optional.empty());
		WhoAmIController controller = new WhoAmIController(new ApiClient(slow).setBasePath("http://localhost"),
				new CertificateManagers(List.of(manager)));
		for (int i = 0; i < 3; i++) {
			assertThatExceptionOfType(ApiException.class).isThrownBy(controller::whoAmI);
		}
		assertThat(this.failed).isNotEmpty();
		// On a machine that stalls for a second, another one is due
		for (int next = 1; next < this.begun.size(); next++) {
			assertThat(this.begun.get(next)).isAfterOrEqualTo(this.failed.get(next - 1).plusSeconds(1));
		}
	}

	private static void await() {
		try {
			new CountDownLatch(1).await(1500, TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
