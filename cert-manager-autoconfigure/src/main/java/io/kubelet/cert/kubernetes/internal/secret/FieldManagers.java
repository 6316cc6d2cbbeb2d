package io.kubelet.cert.kubernetes.internal.secret;

import java.util.Objects;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.kubernetes.internal.ApiObjects;

/**
 * The programs that have set the fields of an object, as the API server notes them.
 */
final class FieldManagers {

	private FieldManagers() {
	}

	/** Returns the program that has set a key of the data, empty if it is not known. */
	static String ofData(JsonObject metadata, String key) {
		String manager = "";
		if (metadata.get("managedFields") instanceof JsonArray entries) {
			for (JsonElement entry : entries) {
				if (entry instanceof JsonObject fields
						&& ApiObjects.member(ApiObjects.member(fields, "fieldsV1"), "f:data").has("f:" + key)) {
					manager = Objects.toString(ApiObjects.text(fields, "manager"), "");
				}
			}
		}
		return ExternalText.clean(manager);
	}

}
