package io.kubelet.cert.kubernetes;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;

import io.kubelet.cert.request.RequestException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;

/**
 * The watches that are open, at most one for each selector: whoever waits with the same
 * selector shares one.
 */
final class RequestWatches {

	private final Map<String, RequestWatch> open = new HashMap<>();

	private final ApiClient client;

	private final Executor executor;

	private final ApiFailures failures;

	RequestWatches(ApiClient client, Executor executor, ApiFailures failures) {
		this.client = client;
		this.executor = executor;
		this.failures = failures;
	}

	static String byLabel(Map<String, String> labels) {
		Map.Entry<String, String> label = labels.entrySet().iterator().next();
		return "labelSelector=" + label.getKey() + "=" + label.getValue();
	}

	static String byName(String name) {
		return "fieldSelector=metadata.name=" + name;
	}

	/**
	 * Watch an object from the state in which it is known.
	 * @return ends the subscription
	 */
	Runnable subscribe(String selector, V1CertificateSigningRequest object, Subscriber subscriber) {
		synchronized (this.open) {
			RequestWatch watch = this.open.get(selector);
			if (watch == null) {
				watch = new RequestWatch(this.client, this.failures, selector, Answers.resourceVersion(object));
				this.open.put(selector, watch);
				watch.add(object, subscriber);
				this.executor.execute(watch);
			}
			else {
				watch.add(object, subscriber);
			}
		}
		return () -> {
			synchronized (this.open) {
				RequestWatch watch = this.open.get(selector);
				if (watch != null && watch.remove(Answers.uid(object))) {
					this.open.remove(selector);
					watch.close();
				}
			}
		};
	}

	/** Told of one object. */
	interface Subscriber {

		void changed(V1CertificateSigningRequest object);

		void deleted();

		void failed(RequestException failure);

	}

}
