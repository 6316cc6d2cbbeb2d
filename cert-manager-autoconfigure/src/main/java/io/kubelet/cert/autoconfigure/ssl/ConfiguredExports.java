package io.kubelet.cert.autoconfigure.ssl;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.PropertyNames;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.export.ExportSettings;
import io.kubelet.cert.export.ExportedFiles;
import io.kubelet.cert.export.Exports;
import io.kubelet.cert.rotation.RotationScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.core.task.SimpleAsyncTaskExecutor;

/**
 * Creates the exported files of each certificate, and reports mistakes in their settings.
 *
 * @param scheduler runs tasks later
 * @param clock the clock
 */
record ConfiguredExports(RotationScheduler scheduler, Clock clock) {

	private static final Logger logger = LoggerFactory.getLogger(ConfiguredExports.class);

	Exports create(CertificateSettingsList settings) {
		Map<String, ExportedFiles> files = new LinkedHashMap<>();
		for (CertificateSettings certificate : settings.certificates()) {
			ExportSettings export = certificate.export();
			if (export != null) {
				files.put(certificate.name(), create(certificate, export));
			}
		}
		return new Exports(files);
	}

	private ExportedFiles create(CertificateSettings certificate, ExportSettings export) {
		SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("certificate-export-" + certificate.name() + "-");
		threads.setDaemon(true);
		ExportedFiles files = new ExportedFiles(certificate.name(), export, certificate.ssl().drain(), threads,
				this.scheduler, this.clock);
		PropertyNames names = certificate.properties();
		names.check("export.directory", export.directory(), files::requireOwnDirectory);
		names.check("export.group", export.group(), files::requireGroup);
		names.check("export.password-file", export.passwordFile(), files::requirePassword);
		if (certificate.ssl().peers().isRestricted()) {
			logger.warn(
					"[{}] Programs that read the authorities in {} do not know the accepted peers of the SSL bundle '{}' ({}): they accept every certificate of these authorities that they do not refuse themselves, such as by the name of a host",
					certificate.name(), export.directory(), certificate.ssl().bundle(), properties(certificate));
		}
		return files;
	}

	private static String properties(CertificateSettings certificate) {
		PeerRules rules = certificate.ssl().peers();
		return Stream.of(PeerRole.values())
			.filter((role) -> rules.of(role).isRestricted())
			.map((role) -> "'" + certificate.properties().of(role.property()) + "'")
			.collect(Collectors.joining(", "));
	}

}
