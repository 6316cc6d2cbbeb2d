package io.kubelet.cert.rotation;

import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * All certificates of an application, by name.
 */
public final class CertificateManagers implements Iterable<CertificateManager> {

	private final Map<String, CertificateManager> managers;

	private final boolean inOrder;

	/**
	 * Creates a collection.
	 * @param managers the managers
	 * @throws IllegalArgumentException if two have the same name
	 */
	public CertificateManagers(Collection<? extends CertificateManager> managers) {
		this(managers, false);
	}

	/**
	 * Creates a collection.
	 * @param managers the managers
	 * @param inOrder whether the first one starts alone, and the others once it has a
	 * certificate, since they authenticate with it
	 * @throws IllegalArgumentException if two have the same name
	 */
	public CertificateManagers(Collection<? extends CertificateManager> managers, boolean inOrder) {
		Map<String, CertificateManager> byName = new LinkedHashMap<>();
		for (CertificateManager manager : managers) {
			if (byName.putIfAbsent(manager.name(), manager) != null) {
				throw new IllegalArgumentException("Two certificates are named '" + manager.name() + "'");
			}
		}
		this.managers = Collections.unmodifiableMap(byName);
		this.inOrder = inOrder;
	}

	/**
	 * Returns a certificate's manager.
	 * @param name the certificate's name
	 * @return the manager, empty if there is none of this name
	 */
	public Optional<CertificateManager> find(String name) {
		return Optional.ofNullable(this.managers.get(name));
	}

	/**
	 * Returns a certificate's manager.
	 * @param name the certificate's name
	 * @return the manager
	 * @throws IllegalArgumentException if there is none of this name
	 */
	public CertificateManager get(String name) {
		return find(name).orElseThrow(() -> new IllegalArgumentException(
				"There is no certificate '" + name + "'. The certificates are " + this.managers.keySet()));
	}

	/**
	 * Returns the names of all certificates.
	 * @return the names in the order of the configuration
	 */
	public Set<String> names() {
		return this.managers.keySet();
	}

	/**
	 * Returns the managers.
	 * @return the managers in the order of the configuration
	 */
	public Stream<CertificateManager> stream() {
		return this.managers.values().stream();
	}

	@Override
	public Iterator<CertificateManager> iterator() {
		return this.managers.values().iterator();
	}

	/**
	 * Starts all managers.
	 */
	public void start() {
		CertificateManager first = this.inOrder ? iterator().next() : null;
		if (first != null) {
			first.addFollower((name) -> forEach(CertificateManager::start));
			first.start();
		}
		if (first == null || first.current().isPresent()) {
			forEach(CertificateManager::start);
		}
	}

	/**
	 * Stops all managers.
	 */
	public void stop() {
		forEach(CertificateManager::stop);
	}

}
