package io.kubelet.cert.certificate;

import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * A block of a PEM text (RFC 7468), which may have headers (RFC 1421, 4.4). It is read
 * without Bouncy Castle, whose classes cost a start with a stored certificate a quarter
 * of a second.
 *
 * @param type the label, such as {@code CERTIFICATE}
 * @param headers the headers by name
 * @param content the decoded content
 */
record PemBlock(String type, Map<String, String> headers, byte[] content) {

	private static final String BEGIN = "-----BEGIN ";

	private static final String END = "-----END ";

	private static final String DASHES = "-----";

	private static final Base64.Encoder ENCODER = Base64.getMimeEncoder(64, new byte[] { '\n' });

	PemBlock(String type, byte[] content) {
		this(type, Map.of(), content);
	}

	/**
	 * Returns all blocks of a text. Text around the blocks is ignored.
	 * @param text the text
	 * @return the blocks in their order
	 * @throws MalformedPemException if a block is cut off, damaged or encrypted
	 */
	static List<PemBlock> read(String text) {
		List<PemBlock> blocks = new ArrayList<>();
		String type = null;
		Map<String, String> headers = new HashMap<>();
		StringBuilder content = new StringBuilder();
		for (String line : (Iterable<String>) text.lines().map(String::strip)::iterator) {
			if (type == null) {
				type = type(line);
				headers.clear();
				content.setLength(0);
			}
			else if (line.equals(END + type + DASHES)) {
				blocks.add(new PemBlock(type, Map.copyOf(headers), decode(content.toString())));
				type = null;
			}
			else if (line.startsWith("Proc-Type:") && line.endsWith("ENCRYPTED")) {
				throw encrypted();
			}
			else if (content.isEmpty() && line.indexOf(':') > 0) {
				int colon = line.indexOf(':');
				headers.put(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
			}
			else {
				content.append(line);
			}
		}
		if (type != null) {
			throw damaged();
		}
		return blocks;
	}

	/**
	 * Writes this block without its headers.
	 * @return the lines, each with a line feed
	 */
	String write() {
		return BEGIN + this.type + DASHES + '\n' + ENCODER.encodeToString(this.content) + '\n' + END + this.type
				+ DASHES + '\n';
	}

	private static @Nullable String type(String line) {
		return (line.startsWith(BEGIN) && line.endsWith(DASHES))
				? line.substring(BEGIN.length(), line.length() - DASHES.length()) : null;
	}

	private static byte[] decode(String content) {
		try {
			return Base64.getDecoder().decode(content);
		}
		catch (IllegalArgumentException ex) {
			throw damaged();
		}
	}

	/**
	 * The cause is left out, since its message may quote the text, which may hold a key.
	 */
	static MalformedPemException damaged() {
		return new MalformedPemException("A PEM block cannot be read: it is cut off or damaged");
	}

	static MalformedPemException encrypted() {
		return new MalformedPemException("The private key is encrypted: store it without a passphrase");
	}

}
