package io.kubelet.cert.test.pki;

import java.util.List;

import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;

/**
 * Writes a subject as the cluster's signers do, whatever its form in the request: the
 * attributes they know, in their order, all values of one attribute in one part.
 */
public final class SubjectOrder {

	private static final List<ASN1ObjectIdentifier> MANY = List.of(BCStyle.C, BCStyle.O, BCStyle.OU, BCStyle.L,
			BCStyle.ST, BCStyle.STREET, BCStyle.POSTAL_CODE);

	private static final List<ASN1ObjectIdentifier> ONE = List.of(BCStyle.CN, BCStyle.SERIALNUMBER);

	private SubjectOrder() {
	}

	public static X500Name of(X500Name requested) {
		X500NameBuilder builder = new X500NameBuilder();
		for (ASN1ObjectIdentifier type : MANY) {
			List<String> values = SigningRequest.attributes(requested, type);
			if (!values.isEmpty()) {
				ASN1ObjectIdentifier[] types = new ASN1ObjectIdentifier[values.size()];
				java.util.Arrays.fill(types, type);
				builder.addMultiValuedRDN(types,
						values.stream().map(SubjectOrder::encode).toArray(ASN1Encodable[]::new));
			}
		}
		for (ASN1ObjectIdentifier type : ONE) {
			List<String> values = SigningRequest.attributes(requested, type);
			if (!values.isEmpty()) {
				builder.addRDN(type, encode(values.get(values.size() - 1)));
			}
		}
		return builder.build();
	}

	private static ASN1Encodable encode(String value) {
		return DERPrintableString.isPrintableString(value) ? new DERPrintableString(value) : new DERUTF8String(value);
	}

}
