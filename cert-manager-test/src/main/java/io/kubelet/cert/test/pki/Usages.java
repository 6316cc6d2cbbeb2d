package io.kubelet.cert.test.pki;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.Nullable;

/**
 * What a key may be used for, in the terms of X.509.
 *
 * @param keyUsage the bits of the key usage; none is no extension
 * @param purposes the extended key usages
 * @param authority whether it may sign certificates
 */
public record Usages(int keyUsage, List<KeyPurposeId> purposes, boolean authority) {

	public static final Usages AUTHORITY = new Usages(
			KeyUsage.digitalSignature | KeyUsage.keyEncipherment | KeyUsage.keyCertSign, List.of(), true);

	private static final Map<String, Integer> KEY_USAGES = Map.of("signing", KeyUsage.digitalSignature,
			"digital signature", KeyUsage.digitalSignature, "content commitment", KeyUsage.nonRepudiation,
			"key encipherment", KeyUsage.keyEncipherment, "key agreement", KeyUsage.keyAgreement, "data encipherment",
			KeyUsage.dataEncipherment, "cert sign", KeyUsage.keyCertSign, "crl sign", KeyUsage.cRLSign, "encipher only",
			KeyUsage.encipherOnly, "decipher only", KeyUsage.decipherOnly);

	private static final Map<String, KeyPurposeId> PURPOSES = Map.ofEntries(
			Map.entry("any", KeyPurposeId.anyExtendedKeyUsage), Map.entry("server auth", KeyPurposeId.id_kp_serverAuth),
			Map.entry("client auth", KeyPurposeId.id_kp_clientAuth),
			Map.entry("code signing", KeyPurposeId.id_kp_codeSigning),
			Map.entry("email protection", KeyPurposeId.id_kp_emailProtection),
			Map.entry("s/mime", KeyPurposeId.id_kp_emailProtection),
			Map.entry("ipsec end system", KeyPurposeId.id_kp_ipsecEndSystem),
			Map.entry("ipsec tunnel", KeyPurposeId.id_kp_ipsecTunnel),
			Map.entry("ipsec user", KeyPurposeId.id_kp_ipsecUser),
			Map.entry("timestamping", KeyPurposeId.id_kp_timeStamping),
			Map.entry("ocsp signing", KeyPurposeId.id_kp_OCSPSigning),
			Map.entry("microsoft sgc", purpose("1.3.6.1.4.1.311.10.3.3")),
			Map.entry("netscape sgc", purpose("2.16.840.1.113730.4.1")));

	/** All words that the API knows, in alphabetical order. */
	public static Collection<String> known() {
		Collection<String> known = new TreeSet<>(KEY_USAGES.keySet());
		known.addAll(PURPOSES.keySet());
		return known;
	}

	/** What the words of the API mean; unknown ones mean nothing. */
	public static Usages of(Collection<String> words) {
		int keyUsage = 0;
		List<KeyPurposeId> purposes = new ArrayList<>();
		for (String word : words) {
			keyUsage |= KEY_USAGES.getOrDefault(word, 0);
			KeyPurposeId purpose = PURPOSES.get(word);
			if (purpose != null && !purposes.contains(purpose)) {
				purposes.add(purpose);
			}
		}
		return new Usages(keyUsage, purposes, false);
	}

	/** The usages that extensions state; {@code null} if they state none. */
	static @Nullable Usages of(@Nullable Extensions extensions) {
		KeyUsage keyUsage = (extensions != null) ? KeyUsage.fromExtensions(extensions) : null;
		ExtendedKeyUsage purposes = (extensions != null) ? ExtendedKeyUsage.fromExtensions(extensions) : null;
		if (keyUsage == null && purposes == null) {
			return null;
		}
		int bits = 0;
		for (int bit : KEY_USAGES.values()) {
			bits |= (keyUsage != null && keyUsage.hasUsages(bit)) ? bit : 0;
		}
		return new Usages(bits, (purposes != null) ? List.of(purposes.getUsages()) : List.of(), false);
	}

	/** The key usages, in the API's words. */
	public List<String> keyUsageNames() {
		return new TreeMap<>(KEY_USAGES).entrySet()
			.stream()
			.filter((usage) -> (this.keyUsage & usage.getValue()) != 0 && !usage.getKey().equals("signing"))
			.map(Map.Entry::getKey)
			.toList();
	}

	/** The extended key usages, in the API's words. */
	public List<String> purposeNames() {
		return this.purposes.stream()
			.map((purpose) -> new TreeMap<>(PURPOSES).entrySet()
				.stream()
				.filter((known) -> known.getValue().equals(purpose))
				.map(Map.Entry::getKey)
				.findFirst()
				.orElseGet(purpose::getId))
			.toList();
	}

	private static KeyPurposeId purpose(String identifier) {
		return KeyPurposeId.getInstance(new ASN1ObjectIdentifier(identifier));
	}

}
