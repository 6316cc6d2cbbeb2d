package io.kubelet.cert.autoconfigure.settings;

import java.util.List;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.AddressSourceKind;
import org.jspecify.annotations.Nullable;

/**
 * Source of the DNS names and IP addresses of a certificate. Those of the template are
 * added.
 */
class AddressesProperties {

	/**
	 * Source of the addresses. By default only the addresses of the template; with the
	 * kubelet-serving profile and no addresses in the template, those of the node.
	 */
	private @Nullable AddressSourceKind source;

	/**
	 * Network interfaces whose addresses are used, such as eth0. By default all of them.
	 */
	private List<String> interfaces = List.of();

	/**
	 * Whether to request a certificate with DNS names only while no IP address is known,
	 * like the kubelet's AllowDNSOnlyNodeCSR.
	 */
	private boolean dnsOnly;

	public @Nullable AddressSourceKind getSource() {
		return this.source;
	}

	public void setSource(@Nullable AddressSourceKind source) {
		this.source = source;
	}

	public List<String> getInterfaces() {
		return this.interfaces;
	}

	public void setInterfaces(List<String> interfaces) {
		this.interfaces = interfaces;
	}

	public boolean isDnsOnly() {
		return this.dnsOnly;
	}

	public void setDnsOnly(boolean dnsOnly) {
		this.dnsOnly = dnsOnly;
	}

}
