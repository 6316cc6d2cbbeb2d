package io.kubelet.cert.testsupport;

import java.io.StringReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import com.sun.management.ThreadMXBean;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.ScalarEvent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * The bytes that a fuzzer has chosen, as numbers, texts and choices. There is a 0 for
 * each byte that is missing. What every target promises for any input is here, too.
 */
public final class FuzzedInput extends Random {

	/** So many characters of a secret could be guessed, or are in any message. */
	private static final int PIECE = 8;

	private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

	private static final long SECOND = 1_000_000_000;

	private static final long MEMORY = 64 * 1024 * 1024;

	/** Several names of at most 500 characters each. */
	private static final int LONGEST_MESSAGE = 8000;

	private final byte[] bytes;

	private int position;

	public FuzzedInput(byte[] bytes) {
		super(0);
		this.bytes = bytes;
	}

	@Override
	protected int next(int bits) {
		int value = 0;
		for (int read = 0; read < bits; read += Byte.SIZE) {
			value = (value << Byte.SIZE) | nextByte();
		}
		return (bits < Integer.SIZE) ? value & ((1 << bits) - 1) : value;
	}

	private int nextByte() {
		return (this.position < this.bytes.length) ? Byte.toUnsignedInt(this.bytes[this.position++]) : 0;
	}

	/** One byte suffices for a choice. */
	@Override
	public int nextInt(int bound) {
		return (bound <= 256) ? nextByte() % bound : super.nextInt(bound);
	}

	/** As for a choice. */
	@Override
	public double nextDouble() {
		return nextByte() / 256.0;
	}

	/** Chooses one. */
	public <T> T one(List<T> some) {
		return some.get(nextInt(some.size()));
	}

	/** Returns up to 255 bytes. */
	public byte[] some() {
		return take(nextByte());
	}

	/** Returns what is left. */
	public byte[] rest() {
		return take(this.bytes.length);
	}

	private byte[] take(int count) {
		int end = Math.min(this.bytes.length, this.position + count);
		byte[] taken = Arrays.copyOfRange(this.bytes, this.position, end);
		this.position = end;
		return taken;
	}

	/** Returns what is left as a text. */
	public String text() {
		return new String(rest(), StandardCharsets.UTF_8);
	}

	/**
	 * Runs what takes less than a second of the processor and 64 MiB. The first run may
	 * take more, for classes that are loaded.
	 */
	public static void requireCheap(Runnable reading) {
		String costs = costs(reading);
		if (!costs.isEmpty()) {
			assertThat(costs(reading)).isEmpty();
		}
	}

	private static String costs(Runnable reading) {
		long time = THREADS.getCurrentThreadCpuTime();
		long allocated = THREADS.getCurrentThreadAllocatedBytes();
		reading.run();
		time = THREADS.getCurrentThreadCpuTime() - time;
		allocated = THREADS.getCurrentThreadAllocatedBytes() - allocated;
		return (time < SECOND && allocated < MEMORY) ? ""
				: "%d ms, %d KiB".formatted(time / 1_000_000, allocated / 1024);
	}

	/**
	 * Returns what targets put where an input has a secret. It can be a part of any, and
	 * depends on the whole input, so that no input contains it elsewhere.
	 */
	public static String secret(byte[] input) {
		return new Random(Arrays.hashCode(input)).ints(23, 'a', 'z' + 1)
			.mapToObj(Character::toString)
			.collect(Collectors.joining());
	}

	/** Returns a secret as the Base64 of a line, which PEM may follow. */
	public static String encoded(String secret) {
		return Base64.getEncoder().encodeToString((secret + "\n").getBytes(StandardCharsets.US_ASCII));
	}

	/** Puts a secret into a text after each match of a pattern. */
	public static String withSecret(String text, Pattern before, String secret) {
		return before.matcher(text).replaceAll("$0" + secret);
	}

	/** Returns the pieces of secrets. Of PEM, these are those of the content. */
	public static Set<String> piecesOf(String... secrets) {
		return Stream.of(secrets)
			.map((secret) -> secret.lines().filter((line) -> !line.startsWith("-----")).collect(Collectors.joining()))
			.flatMap(FuzzedInput::pieces)
			.collect(Collectors.toSet());
	}

	/**
	 * Returns the pieces of secrets in a text, as {@link #piecesOf}. There are none if a
	 * quote that is not closed has made a field with a secret a part of another value:
	 * nobody can tell it from a name.
	 */
	public static Set<String> piecesIn(String yaml, String... secrets) {
		Pattern swallowed = Pattern.compile("\\s\\S*(?:" + String.join("|", secrets) + ")");
		try {
			for (Event event : new Yaml().parse(new StringReader(yaml))) {
				if (event instanceof ScalarEvent scalar && swallowed.matcher(scalar.getValue()).find()) {
					return Set.of();
				}
			}
		}
		catch (RuntimeException ex) {
			// Not YAML: no value of it is a name
		}
		return piecesOf(secrets);
	}

	private static Stream<String> pieces(String text) {
		return IntStream.rangeClosed(0, text.length() - PIECE).mapToObj((at) -> text.substring(at, at + PIECE));
	}

	/** A message quotes no piece of a secret. */
	public static void requireNoSecret(String message, Set<String> pieces) {
		if (pieces(message).anyMatch(pieces::contains)) {
			fail("It quotes a secret: '%s'", message);
		}
	}

	/** A message or name that is shown is one line, and not long. */
	public static void requireShowable(String text) {
		if (text.length() >= LONGEST_MESSAGE || text.chars().anyMatch(FuzzedInput::isInvisible)) {
			fail("It is long, or more than a line: '%s'", text);
		}
	}

	/** Without a set, whose calls Jazzer traces: a third of the time. */
	private static boolean isInvisible(int character) {
		return switch (Character.getType(character)) {
			case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
			default -> false;
		};
	}

}
