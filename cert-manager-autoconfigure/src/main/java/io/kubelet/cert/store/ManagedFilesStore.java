package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;

/**
 * Follows two files that someone else manages (contract row C28): a volume of a Secret, a
 * CSI driver, a person. Nothing is ever written. Files that do not match, such as when
 * only one of them has been replaced, are no pair, and neither are files that have gone:
 * then {@link #current()} throws, and the caller keeps the last pair.
 */
public final class ManagedFilesStore implements CertificateStore {

	private final PairReader reader = new PairReader();

	private final PairLocation files;

	/**
	 * Create a store.
	 * @param files the files
	 */
	public ManagedFilesStore(PairLocation files) {
		this.files = files;
	}

	@Override
	public Optional<CertificatePair> current() {
		if (!this.files.exists() && !this.reader.hasRead()) {
			return Optional.empty();
		}
		try {
			return Optional.of(this.reader.read(this.files));
		}
		catch (NoSuchFileException ex) {
			throw new StoreException("The pair in " + this.files + " is not there any more", ex);
		}
		catch (IOException ex) {
			throw new StoreException("Cannot read the pair in " + this.files + ": " + ex, ex);
		}
	}

	@Override
	public void update(CertificatePair pair) {
		throw isManaged();
	}

	@Override
	public Optional<CertificateRequest> openRequest() {
		return Optional.empty();
	}

	@Override
	public void saveOpenRequest(CertificateRequest request) {
		throw isManaged();
	}

	@Override
	public void deleteOpenRequest(CertificateRequest request) {
		throw isManaged();
	}

	private StoreException isManaged() {
		return new StoreException("The pair in " + this.files + " is managed by someone else", null);
	}

}
