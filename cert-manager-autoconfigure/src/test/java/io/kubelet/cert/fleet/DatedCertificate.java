package io.kubelet.cert.fleet;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Set;

import javax.security.auth.x500.X500Principal;

import org.jspecify.annotations.Nullable;

/**
 * A certificate that has dates, a key and a name, and nothing else. To sign and to read
 * half a million real ones would take hours, and decisions do not depend on the rest.
 */
final class DatedCertificate extends X509Certificate {

	private static final X500Principal NAME = new X500Principal("CN=" + EngineApplication.NAME);

	private final Key key;

	private final Instant notBefore;

	private final Instant notAfter;

	DatedCertificate(Key key, Instant notBefore, Duration lifetime) {
		this.key = key;
		this.notBefore = notBefore;
		this.notAfter = notBefore.plus(lifetime);
	}

	@Override
	public PublicKey getPublicKey() {
		return this.key;
	}

	@Override
	public BigInteger getSerialNumber() {
		return BigInteger.valueOf(this.key.number + 1);
	}

	@Override
	public Date getNotBefore() {
		return Date.from(this.notBefore);
	}

	@Override
	public Date getNotAfter() {
		return Date.from(this.notAfter);
	}

	@Override
	public X500Principal getSubjectX500Principal() {
		return NAME;
	}

	@Override
	public X500Principal getIssuerX500Principal() {
		return NAME;
	}

	@Override
	@SuppressWarnings("deprecation")
	public Principal getSubjectDN() {
		return NAME;
	}

	@Override
	@SuppressWarnings("deprecation")
	public Principal getIssuerDN() {
		return NAME;
	}

	@Override
	public byte[] getEncoded() throws CertificateEncodingException {
		return this.key.getEncoded();
	}

	@Override
	public String toString() {
		return "certificate of key " + this.key.number;
	}

	@Override
	public int getVersion() {
		return 3;
	}

	@Override
	public int getBasicConstraints() {
		return -1;
	}

	@Override
	public void checkValidity() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void checkValidity(Date date) {
		throw new UnsupportedOperationException();
	}

	@Override
	public void verify(PublicKey key) {
		throw new UnsupportedOperationException();
	}

	@Override
	public void verify(PublicKey key, String provider) {
		throw new UnsupportedOperationException();
	}

	@Override
	public byte[] getTBSCertificate() {
		throw new UnsupportedOperationException();
	}

	@Override
	public byte[] getSignature() {
		throw new UnsupportedOperationException();
	}

	@Override
	public String getSigAlgName() {
		return this.key.getAlgorithm();
	}

	@Override
	public String getSigAlgOID() {
		throw new UnsupportedOperationException();
	}

	@Override
	public byte @Nullable [] getSigAlgParams() {
		return null;
	}

	@Override
	public boolean @Nullable [] getIssuerUniqueID() {
		return null;
	}

	@Override
	public boolean @Nullable [] getSubjectUniqueID() {
		return null;
	}

	@Override
	public boolean @Nullable [] getKeyUsage() {
		return null;
	}

	@Override
	public boolean hasUnsupportedCriticalExtension() {
		return false;
	}

	@Override
	public Set<String> getCriticalExtensionOIDs() {
		return Set.of();
	}

	@Override
	public Set<String> getNonCriticalExtensionOIDs() {
		return Set.of();
	}

	@Override
	public byte @Nullable [] getExtensionValue(String oid) {
		return null;
	}

	/**
	 * A key that only differs from others.
	 *
	 * @param number its number
	 */
	record Key(long number) implements PublicKey, PrivateKey {

		@Override
		public String getAlgorithm() {
			return "EC";
		}

		@Override
		public String getFormat() {
			return "X.509";
		}

		@Override
		public byte[] getEncoded() {
			return ByteBuffer.allocate(Long.BYTES).putLong(this.number).array();
		}

	}

}
