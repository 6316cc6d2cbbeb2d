package io.kubelet.cert.certificate;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.certificate.KeySpecification.Algorithm;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.FuzzedInput;
import io.kubelet.cert.testsupport.TestAuthority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Looks for a text that breaks the promise of reading PEM, for a whole pair that is lost
 * for what is around it, or for one with the key of another that is read. The profile
 * {@code fuzz} runs it; {@code FuzzCorpusTests} replays what is kept.
 */
class PemFuzz {

	private static final TestAuthority ROOT = new TestAuthority("root");

	private static final TestAuthority ISSUER = ROOT.intermediate("issuer");

	private static final List<CertificatePair> PAIRS = Stream
		.of(KeySpecification.EC_P256, KeySpecification.EC_P256, new KeySpecification(Algorithm.RSA, 2048),
				new KeySpecification(Algorithm.ED25519, 256))
		.map(PemFuzz::pair)
		.toList();

	private static final Set<String> SECRETS = FuzzedInput
		.piecesOf(PAIRS.stream().map(Pem::writePrivateKey).toArray(String[]::new));

	/** What may come with any pair: its issuers, those of others, and leaves. */
	private static final List<X509Certificate> OTHERS = List.of(ISSUER.certificate(), ROOT.certificate(),
			new TestAuthority("stranger").certificate(), PAIRS.get(0).leaf(), PAIRS.get(1).leaf());

	/** Blocks that are neither a certificate nor a key. */
	private static final List<String> TYPES = List.of("PUBLIC KEY", "EC PARAMETERS", "X509 CRL", "CERTIFICATE REQUEST",
			"TRUSTED CERTIFICATE", "PKCS7", "DSA PRIVATE KEY", "a text");

	private static final List<String> LINE_BREAKS = List.of("\n", "\r\n", "\r", " \n\t", "\n\n");

	private static final List<String> HEADERS = List.of("", "Comment: PRIVATE KEY\n\n", "X-Proc-Type: 4,ENCRYPTED\n\n");

	private static final int MOST = 4;

	@FuzzTest
	void text(byte[] bytes) {
		if (bytes.length > 0 && bytes[0] == 0) {
			FuzzedInput.requireCheap(() -> readWholePair(new FuzzedInput(Arrays.copyOfRange(bytes, 1, bytes.length))));
		}
		else {
			PemReading.keepsItsPromise(new String(bytes, StandardCharsets.UTF_8));
		}
	}

	private static void readWholePair(FuzzedInput input) {
		CertificatePair pair = input.one(PAIRS);
		CertificatePair key = input.nextBoolean() ? input.one(PAIRS) : pair;
		List<X509Certificate> certificates = new ArrayList<>(List.of(ISSUER.certificate()));
		for (int count = input.nextInt(MOST); count > 0; count--) {
			certificates.add(input.nextInt(certificates.size() + 1), input.one(OTHERS));
		}
		certificates.add(0, pair.leaf());
		List<String> blocks = new ArrayList<>();
		certificates.forEach((certificate) -> blocks.add(Pem.write(List.of(certificate))));
		blocks.add(input.nextInt(blocks.size() + 1),
				input.nextBoolean() ? Pem.writePrivateKey(key) : Pem.writePkcs8(key));
		String text = noise(input)
				+ blocks.stream().map((block) -> written(block, input) + noise(input)).collect(Collectors.joining());
		if (key != pair) {
			MalformedPemException ex = catchThrowableOfType(MalformedPemException.class, () -> Pem.readPair(text));
			assertThat(ex).as(text).hasMessageContaining("does not belong");
			FuzzedInput.requireNoSecret(String.valueOf(ex.getMessage()), SECRETS);
			return;
		}
		for (CertificatePair read : List.of(Pem.readPair(text), Pem.readPair(text, text))) {
			// The root may be there, too
			assertThat(read.chain()).as(text).startsWith(pair.chain().toArray(X509Certificate[]::new));
			assertThat(read.privateKey()).as(text).isEqualTo(pair.privateKey());
		}
	}

	/** In lines of any length, perhaps with headers. */
	private static String written(String block, FuzzedInput input) {
		List<String> lines = block.lines().toList();
		String content = String.join("", lines.subList(1, lines.size() - 1));
		int width = 1 + input.nextInt(100);
		String lineBreak = input.one(LINE_BREAKS);
		StringBuilder written = new StringBuilder(lines.get(0) + lineBreak + input.one(HEADERS));
		for (int at = 0; at < content.length(); at += width) {
			written.append(content, at, Math.min(content.length(), at + width)).append(lineBreak);
		}
		return written + lines.get(lines.size() - 1) + lineBreak;
	}

	/** Text that begins no block, and a block of another type. */
	private static String noise(FuzzedInput input) {
		String noise = input.nextBoolean() ? new String(input.some(), StandardCharsets.UTF_8) + "\n" : "";
		if (input.nextBoolean()) {
			String block = new PemBlock(input.one(TYPES), input.some()).write();
			return noise.replace("-----", "") + block;
		}
		return noise.replace("-----", "");
	}

	private static CertificatePair pair(KeySpecification specification) {
		KeyPair keys = KeyPairSource.jdk().generate(specification);
		X509Certificate leaf = ISSUER.issue(keys.getPublic(), CertificateTemplate.ofSubject("shop"),
				Instant.parse("2026-01-01T00:00:00Z"), Instant.parse("2036-01-01T00:00:00Z"));
		return CertificatePair.of(List.of(leaf, ISSUER.certificate()), keys);
	}

}
