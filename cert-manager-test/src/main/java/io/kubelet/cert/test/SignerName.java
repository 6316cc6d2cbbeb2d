package io.kubelet.cert.test;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The form of a signer's name: {@code domain/path}.
 */
final class SignerName {

	private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");

	private static final Pattern SUBDOMAIN = Pattern
		.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

	private static final String NO_LABEL = "validating label \"%s\": a lowercase RFC 1123 label must consist of lower "
			+ "case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. "
			+ "'my-name',  or '123-abc', regex used for validation is '" + LABEL + "')";

	private static final String NO_SUBDOMAIN = "validating label \"%s\": a lowercase RFC 1123 subdomain must consist "
			+ "of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric "
			+ "character (e.g. 'example.com', regex used for validation is '" + SUBDOMAIN + "')";

	private SignerName() {
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
			if (!LABEL.matcher(label).matches()) {
				errors.add(FieldError.invalid(field, segments[0], NO_LABEL.formatted(label)));
			}
		}
		for (String label : segments[1].split("\\.", -1)) {
			if (!SUBDOMAIN.matcher(label).matches()) {
				errors.add(FieldError.invalid(field, segments[1], NO_SUBDOMAIN.formatted(label)));
			}
		}
		return errors;
	}

}
