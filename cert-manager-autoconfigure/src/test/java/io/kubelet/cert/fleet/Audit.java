package io.kubelet.cert.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.fleet.OneProcess.Signing;
import io.kubelet.cert.fleet.OneProcess.Times;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The calls that an API server has logged.
 */
final class Audit {

	/** So many calls that follow each other show how fast the process is. */
	private static final int CLOSE = 100;

	/** The server becomes faster while calls are fewer. */
	private static final int PARTS = 8;

	private final Path log;

	private Instant begin = Instant.now();

	Audit(Path log) {
		this.log = log;
	}

	Instant begunAt() {
		return this.begin;
	}

	void begin() {
		this.begin = Instant.now();
	}

	private Stream<Audited> all() throws IOException {
		// A watch is logged when it begins and when it ends
		String text = Files.readString(this.log);
		// Another line may be being written
		return text.substring(0, text.lastIndexOf('\n') + 1)
			.lines()
			.map(JsonMapper.shared()::readTree)
			.filter((event) -> !(event.at("/verb").asString().equals("watch")
					&& event.at("/stage").asString().equals("ResponseComplete")))
			.map(Audited::of)
			.filter((call) -> call.end.isAfter(this.begin))
			.sorted((one, other) -> one.end.compareTo(other.end));
	}

	/** Returns the calls of the application. */
	Stream<Audited> calls() throws IOException {
		return all().filter((call) -> call.user.endsWith(":cert-manager-test"));
	}

	/**
	 * Returns how fast the process and the server with one seat were. One call of each
	 * certificate comes first, and before any is repeated. Those that are repeated follow
	 * each other as fast as the process can where they are closest. Rejections take time
	 * of the processors, too, so a creation takes less the fewer there are.
	 * @param signing how fast the signer was
	 */
	Times timesOfOneSeat(int certificates, Signing signing) throws IOException {
		List<Audited> calls = calls().filter((call) -> call.verb.equals("create"))
			.sorted(Comparator.comparing(Audited::at))
			.toList();
		List<Audited> created = calls.stream().filter(Audited::isCreated).toList();
		List<Duration> seat = IntStream.range(0, PARTS)
			.mapToObj((part) -> taken(
					created.subList(part * created.size() / PARTS, (part + 1) * created.size() / PARTS)))
			.toList();
		Duration repeated = IntStream.range(certificates, calls.size() - CLOSE)
			.mapToObj((call) -> interval(calls.subList(call, call + CLOSE)).multipliedBy(Watches.Process.CALLS))
			.min(Comparator.naturalOrder())
			.orElseThrow();
		return new Times(interval(calls.subList(0, certificates)), repeated, seat, signing);
	}

	/**
	 * Returns how fast the signer was. The time between two signatures is that of one
	 * where the second request was already waiting.
	 */
	Signing signing() throws IOException {
		Map<String, Audited> created = calls().filter(Audited::isCreated)
			.collect(Collectors.toMap(Audited::name, Function.identity()));
		List<Signed> signed = all().filter((call) -> call.is("update", 200))
			.flatMap((call) -> Stream.ofNullable(created.get(call.name))
				.map((request) -> new Signed(request.end, call.end)))
			.toList();
		double each = IntStream.range(1, signed.size())
			.filter((next) -> signed.get(next).created.isBefore(signed.get(next - 1).at))
			.mapToLong((next) -> nanos(signed.get(next - 1).at, signed.get(next).at))
			.average()
			.orElse(0);
		Instant first = signed.get(0).at;
		Instant free = first;
		double waited = 0;
		for (Instant request : signed.stream().map(Signed::created).sorted().toList()) {
			free = (free.isBefore(request) ? request : free).plusNanos((long) each);
			waited += nanos(request, free);
		}
		double taken = signed.stream().mapToLong((request) -> nanos(request.created, request.at)).sum();
		return new Signing(Duration.between(calls().findFirst().orElseThrow().end, first),
				(int) Math.max(1, Duration.ofSeconds(1).toNanos() / Math.max(1, each)),
				Duration.ofNanos((long) Math.max(0, (taken - waited) / signed.size())));
	}

	private record Signed(Instant created, Instant at) {
	}

	private static long nanos(Instant from, Instant to) {
		return Duration.between(from, to).toNanos();
	}

	private static Duration taken(List<Audited> calls) {
		return Duration
			.ofNanos((long) calls.stream().mapToLong((call) -> nanos(call.at, call.end)).average().orElseThrow());
	}

	private static Duration interval(List<Audited> calls) {
		return Duration.between(calls.get(0).at, calls.get(calls.size() - 1).at).dividedBy(calls.size() - 1);
	}

	/** Returns the most pending requests that one certificate has had at once. */
	int mostPending() throws IOException {
		Map<String, Set<String>> pending = new HashMap<>();
		int most = 0;
		for (Audited call : all().toList()) {
			Set<String> names = pending.computeIfAbsent(call.certificate(), (any) -> new HashSet<>());
			if (call.isCreated()) {
				names.add(call.name);
				most = Math.max(most, names.size());
			}
			else if (call.is("update", 200)) {
				names.remove(call.name);
			}
		}
		return most;
	}

	/**
	 * A call.
	 *
	 * @param name of the request; that of its certificate and a hash
	 */
	record Audited(String user, String verb, int code, String name, Instant at, Instant end) {

		static Audited of(JsonNode event) {
			return new Audited(event.at("/user/username").asString(), event.at("/verb").asString(),
					event.at("/responseStatus/code").asInt(0), event.at("/objectRef/name").asString(""),
					Instant.parse(event.at("/requestReceivedTimestamp").asString()),
					Instant.parse(event.at("/stageTimestamp").asString()));
		}

		boolean is(String verb, int code) {
			return this.verb.equals(verb) && this.code == code;
		}

		String certificate() {
			return this.name.substring(0, Math.max(0, this.name.lastIndexOf('-')));
		}

		boolean isCreated() {
			return is("create", 201);
		}

	}

}
