package io.kubelet.cert.test.server;

import java.time.Clock;
import java.util.List;

import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.ObjectRequests;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.resource.CertificateRequests;
import org.jspecify.annotations.Nullable;

/**
 * Takes a request of a known caller through the API server's stations: authorization, and
 * what serves it.
 */
public final class ApiServer {

	private static final System.Logger LOGGER = System.getLogger(ApiServer.class.getName());

	private final Authorizer authorizer;

	private final ObjectRequests objects;

	private final List<ResourceType> types;

	private final Discovery discovery;

	private final Clock clock;

	public ApiServer(Authorizer authorizer, ObjectRequests objects, List<ResourceType> types, Clock clock) {
		this.authorizer = authorizer;
		this.objects = objects;
		this.types = types;
		this.discovery = new Discovery(types);
		this.clock = clock;
	}

	/**
	 * Answer a request.
	 * @param caller who asks; {@code null} where the credentials are refused
	 */
	public ApiResponse answer(ApiRequest request, @Nullable Caller caller) {
		try {
			if (caller == null) {
				throw ApiFailure.unauthorized();
			}
			Access access = Access.of(request);
			this.authorizer.require(caller, access);
			return access.isResource() ? resource(access, request, caller)
					: this.discovery.answer(request.path().replaceFirst("(.)/$", "$1"), request.header("Host"));
		}
		catch (ApiFailure failure) {
			return failure.toResponse();
		}
		catch (RuntimeException ex) {
			return ApiFailure.internal("Internal error occurred: " + ex).toResponse();
		}
	}

	private ApiResponse resource(Access access, ApiRequest request, Caller caller) {
		if (SelfSubjectReviews.handles(access)) {
			return SelfSubjectReviews.answer(request, caller, this.clock.instant());
		}
		for (ResourceType type : this.types) {
			if (type.plural().equals(access.resource()) && type.group().equals(access.group())
					&& type.version().equals(access.version())) {
				return this.objects.handle(type, access, request, caller);
			}
		}
		if (access.group().equals(CertificateRequests.GROUP)) {
			LOGGER.log(System.Logger.Level.WARNING,
					"This embedded control plane has no cert-manager. Name the issuer in the annotation, as in "
							+ "@EnableEmbeddedControlPlane(signers = \"ClusterIssuer/internal\"), or with 'certManager()'");
		}
		throw this.discovery.nowhere(access.group());
	}

}
