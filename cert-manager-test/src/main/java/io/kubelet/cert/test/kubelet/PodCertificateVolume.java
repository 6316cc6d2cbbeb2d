package io.kubelet.cert.test.kubelet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.kubelet.cert.test.pki.CertificateAuthority;
import io.kubelet.cert.test.pki.Pem;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * The volume of a pod certificate, written and refreshed as a kubelet 1.34 does it: all
 * files are new, in a directory that one rename puts in the place of the previous one.
 * Needs symbolic links and the permissions of POSIX.
 */
public final class PodCertificateVolume {

	private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("'..'yyyy_MM_dd_HH_mm_ss.")
		.withZone(ZoneOffset.UTC);

	private final CertificateAuthority authority = CertificateAuthority.create("Pod certificates");

	private final Path directory;

	private final Clock clock;

	private PodCertificateVolume(Path directory, Clock clock) {
		this.directory = directory;
		this.clock = clock;
	}

	/**
	 * Returns the volume in a directory. Nothing is written yet.
	 * @param directory the directory, which has to exist
	 * @param clock the clock of the application
	 * @return the volume, with an authority of its own
	 */
	public static PodCertificateVolume in(Path directory, Clock clock) {
		return new PodCertificateVolume(directory, clock);
	}

	/**
	 * Fills or refreshes the volume: a new EC key and a certificate that is valid for 24
	 * hours, with no subject and one URI, in {@code credentialbundle.pem} and,
	 * separately, in {@code key.pem} and {@code certificates.pem}. The file
	 * {@code trustbundle.pem} holds the authority.
	 * @param uri the URI, such as {@code spiffe://example.org/ns/shop/sa/shop}
	 */
	public void issue(String uri) {
		KeyPair key = CertificateAuthority.generateKey();
		Instant notBefore = this.clock.instant().minus(Duration.ofMinutes(5));
		String chain = Pem.write(List.of(this.authority.issue(new X500Name(""),
				SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded()), notBefore,
				notBefore.plus(Duration.ofHours(24)), List.of("digital signature", "server auth", "client auth"),
				List.of(new GeneralName(GeneralName.uniformResourceIdentifier, uri)))));
		String privateKey = Pem.write("PRIVATE KEY", key.getPrivate().getEncoded());
		write(Map.of("credentialbundle.pem", privateKey + chain, "key.pem", privateKey, "certificates.pem", chain,
				"trustbundle.pem", Pem.write(List.of(this.authority.certificate()))));
	}

	/**
	 * Fills or refreshes the volume.
	 * @param files the content of each file, by its path in the volume. A refresh has the
	 * same files
	 */
	public void write(Map<String, String> files) {
		try {
			Path data = this.directory.resolve("..data");
			Path previous = Files.exists(data, LinkOption.NOFOLLOW_LINKS) ? Files.readSymbolicLink(data) : null;
			Path next = Files.createTempDirectory(this.directory, NAME.format(this.clock.instant()));
			permit(next, "rwxr-xr-x");
			List<String> paths = new ArrayList<>(files.keySet());
			Collections.shuffle(paths);
			for (String path : paths) {
				Path file = next.resolve(path);
				Files.createDirectories(file.getParent());
				permit(Files.writeString(file, files.get(path)), "rw-r--r--");
			}
			Files.move(Files.createSymbolicLink(this.directory.resolve("..data_tmp"), next.getFileName()), data,
					StandardCopyOption.ATOMIC_MOVE);
			if (previous == null) {
				for (String name : paths.stream()
					.map((path) -> Path.of(path).getName(0).toString())
					.distinct()
					.toList()) {
					Files.createSymbolicLink(this.directory.resolve(name), Path.of("..data", name));
				}
			}
			else {
				delete(this.directory.resolve(previous));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot write the volume " + this.directory, ex);
		}
	}

	private static void permit(Path path, String permissions) throws IOException {
		Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
	}

	private static void delete(Path directory) throws IOException {
		try (Stream<Path> paths = Files.walk(directory)) {
			for (Path path : paths.sorted(Collections.reverseOrder()).toList()) {
				Files.delete(path);
			}
		}
	}

}
