package io.kubelet.cert.test;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

import io.kubelet.cert.test.api.GeneratedNames;

/**
 * How clients reach a control plane: its address, its authority, who they are, what they
 * may do, and the kubeconfigs that say so.
 */
abstract class ControlPlaneAccess {

	private final ControlPlane parts;

	ControlPlaneAccess(ControlPlane parts) {
		this.parts = parts;
	}

	/**
	 * {@return where it listens, paused or not, as in {@code https://127.0.0.1:43210}}
	 */
	public String url() {
		return "https://127.0.0.1:" + this.parts.http.port();
	}

	/**
	 * {@return the authority that signs the server's certificate and all others except
	 * those of issuers, as PEM}
	 */
	public String caPem() {
		return this.parts.caPem();
	}

	/**
	 * {@return the token of an administrator, who may do everything}
	 */
	public Credential admin() {
		return this.parts.admin;
	}

	/**
	 * The bootstrap token {@code abcdef.0123456789abcdef}, which may create, get, list
	 * and watch certificate signing requests, and whose requests for kubelet client
	 * certificates are approved. It may do the same, and delete, with requests to
	 * cert-manager, and create, get, list, watch and update Secrets.
	 * @return a token of group {@code system:bootstrappers}
	 */
	public Credential bootstrap() {
		return ControlPlane.BOOTSTRAP;
	}

	/**
	 * Let a bearer token be known. Its user may ask who it is and nothing more, until
	 * something is {@link #allow(String, Set, String, String...) allowed}.
	 * @param token the token
	 * @param user the user it stands for
	 * @param groups the user's groups; {@code system:authenticated} is added
	 * @return the credential
	 */
	public Credential addToken(String token, String user, String... groups) {
		this.parts.identities.addToken(token, user, List.of(groups));
		return Credential.token(Kubeconfig.fileName(user), token);
	}

	/**
	 * Let a service account be known, by a token. It may ask who it is and nothing more,
	 * until something is allowed to {@code system:serviceaccount:<namespace>:<name>}.
	 * @param namespace the namespace, which is also that of a kubeconfig for it
	 * @param name the name
	 * @return the credential
	 */
	public Credential addServiceAccount(String namespace, String name) {
		String token = namespace + "." + name + "." + GeneratedNames.suffix(16);
		this.parts.identities.addServiceAccount(token, namespace, name);
		return new Credential.Token(Kubeconfig.fileName(name), token, namespace);
	}

	/**
	 * Let a bearer token be unknown from now on.
	 * @param token the token
	 */
	public void removeToken(String token) {
		this.parts.identities.removeToken(token);
	}

	/**
	 * Permit something, in addition to what is permitted already.
	 * @param subject a user or a group
	 * @param verbs what may be done, as in {@code create} or {@code approve}; {@code *}
	 * for everything
	 * @param resource what with, as in {@code certificatesigningrequests/approval} or
	 * {@code signers}, or with its API group, as in
	 * {@code certificaterequests.cert-manager.io}; {@code *} for everything
	 * @param names the names of the objects, as in {@code example.com/demo} for a signer;
	 * none for all
	 */
	public void allow(String subject, Set<String> verbs, String resource, String... names) {
		this.parts.authorizer.allow(subject, verbs, resource, Set.of(names));
	}

	/**
	 * Permit something in one namespace, as a Role does.
	 * @param namespace the namespace
	 * @param subject a user or a group
	 * @param verbs what may be done
	 * @param resource what with
	 */
	public void allowIn(String namespace, String subject, Set<String> verbs, String resource) {
		this.parts.authorizer.allow(namespace, subject, verbs, resource, Set.of());
	}

	/**
	 * Issue a client certificate, valid from five minutes ago for a year, without a
	 * request.
	 * @param commonName the user name
	 * @param organizations the groups
	 * @return the certificate, with a new P-256 key
	 */
	public ClientCertificate issueClientCertificate(String commonName, String... organizations) {
		Instant now = this.parts.clock.instant();
		return issueClientCertificate(now.minus(Behavior.BACKDATE), now.plus(Duration.ofDays(365)), commonName,
				organizations);
	}

	/**
	 * Issue a client certificate without a request.
	 * @param notBefore since when it is valid
	 * @param notAfter until when it is valid; may be past
	 * @param commonName the user name
	 * @param organizations the groups
	 * @return the certificate, with a new P-256 key
	 */
	public ClientCertificate issueClientCertificate(Instant notBefore, Instant notAfter, String commonName,
			String... organizations) {
		return this.parts.clientCertificate(notBefore, notAfter, commonName, List.of(organizations));
	}

	/**
	 * A kubeconfig that needs no other file.
	 * @param credential who the client is
	 * @return the content, YAML
	 */
	public String kubeconfig(Credential credential) {
		return Kubeconfig.of(url(), caPem(), credential);
	}

	/**
	 * Write a kubeconfig for the {@link #bootstrap() bootstrap token}.
	 * @param directory where to, made if there is none
	 * @return the file
	 * @throws UncheckedIOException if it cannot be written
	 */
	public Path writeKubeconfig(Path directory) {
		return writeKubeconfig(directory, bootstrap());
	}

	/**
	 * Write a kubeconfig.
	 * @param directory where to, made if there is none
	 * @param credential who the client is
	 * @return the file, named after the credential
	 * @throws UncheckedIOException if it cannot be written
	 */
	public Path writeKubeconfig(Path directory, Credential credential) {
		return Kubeconfig.write(directory, credential, kubeconfig(credential));
	}

}
