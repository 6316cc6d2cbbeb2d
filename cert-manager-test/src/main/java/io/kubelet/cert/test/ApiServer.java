package io.kubelet.cert.test;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;

import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.ObjectRequests;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.http.ConnectionCut;
import io.kubelet.cert.test.server.Authorizer;
import io.kubelet.cert.test.server.Discovery;
import io.kubelet.cert.test.server.Identities;
import io.kubelet.cert.test.server.Reviews;
import org.jspecify.annotations.Nullable;

/**
 * Takes a request through the API server's stations: authentication, authorization, and
 * what serves it. Knows nothing of HTTP connections.
 */
final class ApiServer {

	private final Identities identities;

	private final Authorizer authorizer;

	private final ObjectRequests objects;

	private final List<ResourceType> types;

	private final Discovery discovery;

	private final Reviews reviews;

	private final Faults faults;

	private final Requests requests;

	private final Clock clock;

	ApiServer(Identities identities, Authorizer authorizer, ObjectRequests objects, List<ResourceType> types,
			Discovery discovery, Faults faults, Requests requests, Clock clock) {
		this.identities = identities;
		this.authorizer = authorizer;
		this.objects = objects;
		this.types = types;
		this.discovery = discovery;
		this.reviews = new Reviews(authorizer);
		this.faults = faults;
		this.requests = requests;
		this.clock = clock;
	}

	/**
	 * Answer a request.
	 * @param authorization the {@code Authorization} header; empty when there is none
	 * @param chain the client's certificates, leaf first; empty when it has none
	 * @throws ConnectionCut when the connection is to be cut instead
	 */
	ApiResponse answer(ApiRequest request, String authorization, List<X509Certificate> chain) throws IOException {
		Caller caller = null;
		try {
			caller = this.identities.authenticate(authorization, chain);
		}
		catch (ApiFailure ex) {
			// Answered below, unless a fault strikes first
		}
		Caller authenticated = caller;
		RecordedRequest record = new RecordedRequest(request.method(), request.path(), request.rawQuery(),
				(caller != null) ? caller.user() : "", chain.isEmpty() ? null : serialNumber(chain.get(0)), 0,
				this.clock.instant());
		try {
			ApiResponse response = this.faults.strike(record).handle(() -> serve(request, authenticated));
			this.requests.add(record.answered(response.status()));
			return response;
		}
		catch (ConnectionCut cut) {
			this.requests.add(record);
			throw cut;
		}
	}

	private ApiResponse serve(ApiRequest request, @Nullable Caller caller) {
		try {
			if (caller == null) {
				throw ApiFailure.unauthorized();
			}
			Access access = Access.of(request);
			this.authorizer.require(caller, access);
			return access.isResource() ? resource(access, request, caller) : path(request);
		}
		catch (ApiFailure failure) {
			return ApiResponse.failure(failure);
		}
		catch (RuntimeException ex) {
			return ApiResponse.failure(ApiFailure.internal("Internal error occurred: " + ex));
		}
	}

	private ApiResponse path(ApiRequest request) {
		String path = request.path();
		return this.discovery
			.answer((path.length() > 1 && path.endsWith("/")) ? path.substring(0, path.length() - 1) : path);
	}

	private ApiResponse resource(Access access, ApiRequest request, Caller caller) {
		if (Reviews.handles(access)) {
			return this.reviews.answer(access, request, caller, this.clock.instant());
		}
		for (ResourceType type : this.types) {
			if (type.plural().equals(access.resource()) && type.group().equals(access.group())
					&& type.version().equals(access.version())) {
				return this.objects.handle(type, access, request, caller);
			}
		}
		throw ApiFailure.noSuchPath();
	}

	/** Whole bytes, as tools print it. */
	private static String serialNumber(X509Certificate certificate) {
		String digits = certificate.getSerialNumber().toString(16);
		return (digits.length() % 2 == 0) ? digits : "0" + digits;
	}

}
