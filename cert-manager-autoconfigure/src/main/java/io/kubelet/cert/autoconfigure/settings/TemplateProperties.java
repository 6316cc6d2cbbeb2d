package io.kubelet.cert.autoconfigure.settings;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What a certificate states.
 */
class TemplateProperties {

	/**
	 * Common name of the subject.
	 */
	private @Nullable String commonName;

	/**
	 * Organizations of the subject.
	 */
	private List<String> organizations = List.of();

	/**
	 * DNS names.
	 */
	private List<String> dnsNames = List.of();

	/**
	 * IP addresses.
	 */
	private List<String> ipAddresses = List.of();

	/**
	 * URIs.
	 */
	private List<String> uris = List.of();

	/**
	 * E-mail addresses.
	 */
	private List<String> emailAddresses = List.of();

	public @Nullable String getCommonName() {
		return this.commonName;
	}

	public void setCommonName(@Nullable String commonName) {
		this.commonName = commonName;
	}

	public List<String> getOrganizations() {
		return this.organizations;
	}

	public void setOrganizations(List<String> organizations) {
		this.organizations = organizations;
	}

	public List<String> getDnsNames() {
		return this.dnsNames;
	}

	public void setDnsNames(List<String> dnsNames) {
		this.dnsNames = dnsNames;
	}

	public List<String> getIpAddresses() {
		return this.ipAddresses;
	}

	public void setIpAddresses(List<String> ipAddresses) {
		this.ipAddresses = ipAddresses;
	}

	public List<String> getUris() {
		return this.uris;
	}

	public void setUris(List<String> uris) {
		this.uris = uris;
	}

	public List<String> getEmailAddresses() {
		return this.emailAddresses;
	}

	public void setEmailAddresses(List<String> emailAddresses) {
		this.emailAddresses = emailAddresses;
	}

}
