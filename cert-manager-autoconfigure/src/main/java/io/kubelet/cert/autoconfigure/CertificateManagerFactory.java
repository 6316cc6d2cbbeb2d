package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.PropertyNames;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.rotation.engine.RotatingCertificateManager;
import io.kubelet.cert.rotation.engine.RotationSettings;
import io.kubelet.cert.rotation.engine.SharedResources;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;

/**
 * Creates the manager of each certificate from its settings.
 *
 * @param resources what the certificates share
 * @param files tells when files of other programs may have changed
 */
record CertificateManagerFactory(SharedResources resources, FileChanges files) {

	private static final String NO_SIGNER = "Neither a signer nor an issuer is configured for certificate '%s': set '{issuer.name}' if cert-manager issues the certificate, or set this property to the signer that does, such as kubernetes.io/kube-apiserver-client for a client certificate of the API server, kubernetes.io/kubelet-serving for the serving certificate of a node, or the name of a signer that is installed in the cluster";

	private static final String NO_TEMPLATE = "No names are configured for certificate '%s': set this property or another one under 'template', set a profile, or define a CertificateTemplateSupplier bean. If a stored pair is to be used as it is, set '{rotate-certificates}' to false";

	private static final String NOT_NEEDED = ". If the application needs no certificate, set 'kubelet.cert.enabled' to false, and if it needs only additional ones, move one of them from 'kubelet.cert.additional' to 'kubelet.cert'";

	private static final String NO_CLIENT = "Later requests authenticate with certificate '%s', and the API server accepts no certificate of %s with usages %s: move it to 'kubelet.cert.additional', and set '{profile}' to kubelet-client, or '{signer-name}' to a signer of client certificates that the API server accepts, such as kubernetes.io/kube-apiserver-client";

	/**
	 * Creates the managers, which are not started yet. In bootstrap mode, the additional
	 * certificates are requested with the first one.
	 */
	CertificateManagers create(CertificateSettingsList settings, SignerSource signers, TemplateSuppliers templates,
			KubernetesConnection connection) {
		List<CertificateSettings> certificates = settings.certificates();
		ServerCertificates servers = new ServerCertificates(settings);
		boolean bootstrapping = connection.isBootstrapping();
		StoredIssuers issuers = new StoredIssuers(connection.kubeconfig().authorities(), this.resources.clock());
		List<CertificateManager> managers = new CopyOnWriteArrayList<>();
		List<Runnable> checks = new ArrayList<>();
		List<IssuedCertificateCheck> named = certificates.stream().map(StoredIssuers::named).toList();
		List<CertificateStore> stores = new CertificateStores(connection, this.files, this.resources.clock())
			.create(certificates, named);
		for (CertificateSettings certificate : certificates) {
			boolean first = managers.isEmpty();
			SignerSource own = ClusterSigners.of(signers, certificate);
			SignerSource source = (first || !bootstrapping) ? own
					: (current) -> own.signer(connection.credentials(managers));
			IssuedCertificateCheck issued = named.get(managers.size());
			CertificateTemplateSupplier supplier = templates.find(certificate, managers);
			CertificateManager manager = create(certificate, stores.get(managers.size()), source,
					(first && bootstrapping) ? settings.kubernetes().bootstrapKubeconfig() : null, supplier, issued);
			if (supplier == null && certificate.rotation().enabled()) {
				servers.requireRequested(certificate);
			}
			managers.add(manager);
			checks.add(() -> issuers.check(manager, certificate, issued));
		}
		CertificateSettings first = certificates.get(0);
		connection.writeKubeconfig(first.storage().certDir().resolve(first.name() + "-current.pem"));
		checks.forEach(Runnable::run);
		return new CertificateManagers(managers, bootstrapping);
	}

	private CertificateManager create(CertificateSettings settings, CertificateStore store, SignerSource signers,
			@Nullable Path bootstrapKubeconfig, @Nullable CertificateTemplateSupplier templates,
			IssuedCertificateCheck issued) {
		CertificateSettings.Request request = settings.request();
		boolean bootstraps = bootstrapKubeconfig != null;
		boolean requests = settings.rotation().enabled() || (bootstraps && settings.storage().initialPair() == null);
		if (requests) {
			PropertyNames properties = settings.properties();
			boolean first = properties.prefix().equals(PropertyNames.PREFIX);
			properties.require(templates != null || !request.isEmpty(), "template.common-name", null,
					first ? NO_TEMPLATE + NOT_NEEDED : NO_TEMPLATE, settings.name());
			properties.require(request.requested().signerOrigin() != null, "signer-name", null, NO_SIGNER,
					settings.name());
			if (bootstrapKubeconfig != null) {
				requireClient(settings, bootstrapKubeconfig);
			}
		}
		return new RotatingCertificateManager(
				new RotationSettings(settings.name(), request.requested(), settings.rotation().schedule(),
						naming(settings, bootstraps), issued, store, requests ? signers : null, this.resources),
				request.isEmpty() ? null : request.template(), templates, null);
	}

	private static void requireClient(CertificateSettings settings, Path bootstrapKubeconfig) {
		Signer signer = settings.request().requested().signer();
		List<Usage> usages = ServerCertificates.usages(settings, settings.request().template());
		settings.properties()
			.require(signer instanceof Signer.Named && !Usage.CLIENT_AUTH.isExcludedBy(usages),
					"kubernetes.bootstrap-kubeconfig", bootstrapKubeconfig, NO_CLIENT, settings.name(),
					signer.describe(), usages);
	}

	private static RequestNaming naming(CertificateSettings settings, boolean bootstraps) {
		return bootstraps ? RequestNaming.BOOTSTRAP
				: (settings.profile() != null) ? RequestNaming.BY_KEY : RequestNaming.after(settings.name());
	}

}
