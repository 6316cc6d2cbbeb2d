package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;

/**
 * Follows two files that another program manages, such as a volume of a Secret or a CSI
 * driver. It never writes. If the files do not match, because only one of them has been
 * replaced so far, or if they no longer exist, {@link #current()} throws and the caller
 * keeps the last pair.
 */
public final class ManagedFilesStore implements CertificateStore {

	private final PairReader reader = new PairReader();

	private final PairLocation files;

	/**
	 * Creates a store.
	 * @param files the files
	 */
	public ManagedFilesStore(PairLocation files) {
		this.files = files;
	}

	@Override
	public Optional<CertificatePair> current() {
		try {
			return Optional.of(this.reader.read(this.files));
		}
		catch (NoSuchFileException ex) {
			if (!this.reader.hasPair()) {
				return Optional.empty();
			}
			throw new StoreException("The pair in " + this.files + " no longer exists", ex);
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
		return new StoreException("The pair in " + this.files + " is managed by another program", null);
	}

}
