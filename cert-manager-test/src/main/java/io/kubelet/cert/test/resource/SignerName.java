package io.kubelet.cert.test.resource;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;

import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.DnsName;
import io.kubelet.cert.test.api.FieldError;

/**
 * The form of a signer's name: {@code domain/path}.
 */
public final class SignerName {

	private SignerName() {
	}

	public static boolean isValid(String name) {
		return validate("", name).isEmpty();
	}

	static List<FieldError> validate(String field, String name) {
		if (name.isEmpty()) {
			return List.of(FieldError.required(field, ""));
		}
		String[] segments = name.split("/", -1);
		if (segments.length != 2) {
			return List.of(FieldError.invalid(field, name,
					"must be a fully qualified domain and path of the form 'example.com/signer-name'"));
		}
		List<FieldError> errors = new ArrayList<>();
		String[] labels = segments[0].split("\\.", -1);
		if (labels.length < 2) {
			errors.add(FieldError.invalid(field, segments[0],
					"should be a domain with at least two segments separated by dots"));
		}
		for (String label : labels) {
			if (!DnsName.isLabel(label)) {
				errors.add(invalid(field, segments[0], label, DnsName.NO_LABEL));
			}
		}
		for (String label : segments[1].split("\\.", -1)) {
			if (!DnsName.isSubdomain(label)) {
				errors.add(invalid(field, segments[1], label, DnsName.NO_SUBDOMAIN));
			}
		}
		return errors;
	}

	/** Whether a caller may do something with what belongs to the signer. */
	static boolean isPermitted(String name, String verb, Caller caller, BiPredicate<Caller, Access> permitted) {
		String domain = name.substring(0, Math.max(0, name.indexOf('/')));
		String group = CertificateSigningRequests.GROUP;
		return permitted.test(caller, Access.to(verb, group, "signers", "", name))
				|| permitted.test(caller, Access.to(verb, group, "signers", "", domain + "/*"));
	}

	private static FieldError invalid(String field, String segment, String label, String why) {
		return FieldError.invalid(field, segment, "validating label \"" + label + "\": " + why);
	}

}
