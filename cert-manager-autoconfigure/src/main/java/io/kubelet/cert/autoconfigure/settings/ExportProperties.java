package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.util.List;

import io.kubelet.cert.export.ExportFormat;
import io.kubelet.cert.export.ExportSettings;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DefaultValue;

import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.DIRECTORY;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.NOT_BLANK;

/**
 * Files for drivers and sidecars.
 *
 * @param directory Directory to which the certificate, its key and the authorities that
 * the SSL bundle trusts are exported for drivers and sidecars. By default nothing is
 * exported.
 * @param formats Formats: pem (tls.crt, tls.key, ca.crt), pkcs12 (keystore.p12,
 * truststore.p12), bundle (bundle.pem with the key and its chain), key-der (tls.pk8 with
 * the key in binary PKCS#8 form). By default pem.
 * @param passwordFile File with the password of the key stores in its first line. By
 * default one is generated, and exported as password.txt.
 * @param mode Mode of the exported files, 0600, 0640, 0400 or 0440. By default 0600.
 * @param group Name or number of the group of the exported files. By default that of
 * other new files in the directory.
 */
record ExportProperties(@Valid( {
		NOT_BLANK, DIRECTORY }) @Nullable Path directory, @DefaultValue List<ExportFormat> formats,
		@Valid(NOT_BLANK) @Nullable Path passwordFile, @Nullable String mode, @Nullable String group){

	/** Returns a property that has no effect without a directory, if there is one. */
	private @Nullable String other() {
		return !this.formats.isEmpty() ? "formats" : (this.passwordFile != null) ? "password-file"
				: (this.mode != null) ? "mode" : (this.group != null) ? "group" : null;
	}

	@Nullable ExportSettings resolve(PropertyNames names) {
		if (this.directory == null) {
			String other = other();
			names.require(other == null, "export.directory", null,
					"'{export." + other + "}' is set: set the directory as well, or remove that property");
			return null;
		}
		List<ExportFormat> formats = this.formats.isEmpty() ? List.of(ExportFormat.PEM) : this.formats;
		names.require(this.passwordFile == null || formats.contains(ExportFormat.PKCS12), "export.password-file",
				this.passwordFile, "It is for key stores: add 'pkcs12' to '{export.formats}', or remove this property");
		return new ExportSettings(this.directory, formats, this.passwordFile, names.check("export.mode", this.mode,
				() -> ExportSettings.mode((this.mode != null) ? this.mode : "0600")), this.group);
	}

}
