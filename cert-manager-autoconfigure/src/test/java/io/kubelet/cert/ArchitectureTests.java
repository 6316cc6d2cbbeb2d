package io.kubelet.cert;

import java.nio.file.Files;
import java.time.Clock;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.kubelet.cert.store.CertificateStore.Findings;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.Markdown.Block;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfiguration;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how the packages may depend on each other, and for what no class may do.
 *
 * @see "docs/architecture.md"
 */
@AnalyzeClasses(packages = "io.kubelet.cert", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	private static final String BASE = "io.kubelet.cert.";

	private static final String[] ENGINE = { BASE + "certificate..", BASE + "request..", BASE + "store..",
			BASE + "rotation.." };

	/** A class of no more lines need not be named in a test. */
	private static final int UNTESTED_LINES = 60;

	private static final Pattern INTERNAL = Pattern.compile("Internal(?<which>\\.|:|, except for)(?<names>.*)\\*/");

	private static final SliceAssignment TOP_LEVEL_CLASSES = new SliceAssignment() {

		@Override
		public SliceIdentifier getIdentifierOf(JavaClass type) {
			return type.getName().startsWith(BASE) ? SliceIdentifier.of(type.getName().replaceFirst("\\$.*", ""))
					: SliceIdentifier.ignore();
		}

		@Override
		public String getDescription() {
			return "top-level classes";
		}

	};

	@ArchTest
	static final ArchRule packagesAreFreeOfCycles = slices().matching(BASE + "(**)").should().beFreeOfCycles();

	@ArchTest
	static final ArchRule classesAreFreeOfCycles = slices().assignedFrom(TOP_LEVEL_CLASSES).should().beFreeOfCycles();

	@ArchTest
	static void packagesHaveAtMostTwentyFiles(JavaClasses classes) {
		Map<String, Long> files = classes.stream()
			.filter(JavaClass::isTopLevelClass)
			.collect(Collectors.groupingBy(JavaClass::getPackageName, Collectors.counting()));
		assertThat(files).allSatisfy((name, count) -> assertThat(count).as(name).isLessThanOrEqualTo(20));
	}

	@ArchTest
	static void publicTypesAreDocumentedOrInternal(JavaClasses classes) {
		Set<String> documented = Markdown.all()
			.stream()
			.filter((document) -> document.toString().matches("docs/(reference|how-to)/.*"))
			.flatMap((document) -> Stream.concat(document.prose().flatMap(ArchitectureTests::code),
					document.blocks().stream().map(Block::content)))
			.flatMap((text) -> Stream.of(text.split("\\W+")))
			.collect(Collectors.toSet());
		assertThat(classes).filteredOn(JavaClass::isTopLevelClass)
			.filteredOn((type) -> type.getModifiers().contains(JavaModifier.PUBLIC) && !isInternal(type))
			.extracting(JavaClass::getSimpleName)
			.as("public, not named in docs/reference or docs/how-to, and not internal by the package-info")
			.filteredOn((name) -> !documented.contains(name))
			.isEmpty();
	}

	/** With a release: see docs/release.md. */
	@ArchTest
	static void publicTypesAreComparedUnlessTheyAreInternal(JavaClasses classes) {
		String pom = ProjectFiles.read("pom.xml");
		assertThat(classes).filteredOn(JavaClass::isTopLevelClass)
			.filteredOn((type) -> type.getModifiers().contains(JavaModifier.PUBLIC))
			.allSatisfy((type) -> {
				boolean included = type.getName().matches("io\\.kubelet\\.cert\\.autoconfigure\\..*AutoConfiguration")
						|| Stream.of(type.getPackageName(), type.getName())
							.anyMatch((name) -> pom.contains("<include>" + name + "</include>"));
				boolean compared = included && !pom.contains("<exclude>" + type.getName() + "</exclude>");
				assertThat(compared).as("%s is compared", type.getName()).isNotEqualTo(isInternal(type));
			});
	}

	@ArchTest
	static void packageUsesOnlyWhatItMay(JavaClasses classes) {
		Map.ofEntries(entry("certificate", ""), entry("request", "certificate"), entry("store", "certificate"),
				entry("rotation", "certificate request store"), entry("kubernetes", "certificate request store"),
				entry("ssl", "certificate rotation"), entry("export", "certificate rotation store"),
				entry("event", "certificate rotation"), entry("actuate", "certificate rotation"), entry("test", ""),
				entry("test.json", ""), entry("test.pki", ""), entry("test.kubelet", "test.pki"),
				entry("test.http", "test.pki"), entry("test.api", "test.http test.json"),
				entry("test.resource", "test.api test.json test.pki"),
				entry("test.server", "test.api test.http test.json test.pki test.resource"))
			.forEach((name, mayUse) -> {
				String[] allowed = Stream.of((name + " " + mayUse).split(" "))
					.map((used) -> BASE + used + "..")
					.toArray(String[]::new);
				noClasses().that()
					.resideInAPackage(BASE + name + "..")
					.should()
					.dependOnClassesThat(resideInAPackage("io.kubelet.cert..").and(not(resideInAnyPackage(allowed))))
					.check(classes);
			});
	}

	@ArchTest
	static final ArchRule engineKnowsNoFramework = noClasses().that()
		.resideInAnyPackage(ENGINE)
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("org.springframework..", "io.micrometer..", "io.kubernetes..", "okhttp3..");

	/** It is a function of values: what it uses has no state and blocks nobody. */
	@ArchTest
	static final ArchRule coreUsesValuesOnly = noClasses().that()
		.resideInAPackage(BASE + "rotation.core..")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("org.slf4j..", "java.io..", "java.nio..", "java.util.concurrent..",
				BASE + "rotation.engine..", BASE + "rotation.internal..")
		.orShould()
		.dependOnClassesThat(resideInAPackage(BASE + "store..").and(not(equivalentTo(Stored.class)))
			.and(not(equivalentTo(Findings.class))))
		.orShould()
		.dependOnClassesThat()
		.areAssignableTo(Clock.class);

	@ArchTest
	static final ArchRule kubernetesClientIsUsedByTheAdapterAndTheWiringOnly = noClasses().that()
		.resideOutsideOfPackages(BASE + "kubernetes..", BASE + "autoconfigure..")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.kubernetes..", "okhttp3..");

	/** They need hints for a native image. */
	@ArchTest
	static final ArchRule modelsOfTheKubernetesClientAreNotUsed = noClasses().should()
		.dependOnClassesThat()
		.resideInAPackage("io.kubernetes.client.openapi.models..");

	@ArchTest
	static final ArchRule bouncyCastleIsUsedForRequestsAndCertificatesOnly = noClasses().that()
		.resideOutsideOfPackages(BASE + "request..", BASE + "certificate..", BASE + "autoconfigure.kubelet..",
				BASE + "test..")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("org.bouncycastle..");

	@ArchTest
	static final ArchRule nothingDependsOnTheWiring = classes().that()
		.resideInAPackage(BASE + "autoconfigure..")
		.should()
		.onlyHaveDependentClassesThat()
		.resideInAPackage(BASE + "autoconfigure..");

	/**
	 * The watches of the embedded control plane end after so many seconds of real time.
	 */
	@ArchTest
	static final ArchRule timeIsReadThroughAClockOnly = noClasses().that()
		.doNotHaveFullyQualifiedName(BASE + "test.api.Watch")
		.should()
		.callMethodWhere(DescribedPredicate.describe("the time is read without a clock", ArchitectureTests::readsTime));

	@ArchTest
	static final ArchRule datesAreMadeOfOtherTimes = noClasses().should().callConstructor(Date.class);

	@ArchTest
	static final ArchRule clocksAreChosenByTheDefaultsAndTheWiringOnly = noClasses().that()
		.resideOutsideOfPackage(BASE + "autoconfigure..")
		.and()
		.doNotHaveFullyQualifiedName(BASE + "rotation.engine.SharedResources")
		.and()
		.doNotHaveFullyQualifiedName(BASE + "test.EmbeddedControlPlane$Builder")
		.should()
		.callMethodWhere(DescribedPredicate.describe("a system clock is chosen",
				(call) -> call.getTargetOwner().isEquivalentTo(Clock.class) && call.getName().startsWith("system")));

	@ArchTest
	static final ArchRule noThreadSleeps = noClasses().should().callMethodWhere(sleeps());

	/** Load and soak, which are no part of the build, rotate at a fixed rate. */
	@ArchTest
	static void noTestSleeps(JavaClasses classes) {
		JavaClasses tests = new ClassFileImporter().withImportOption(ImportOption.Predefined.ONLY_INCLUDE_TESTS)
			.importPackages("io.kubelet.cert");
		noClasses().that().haveNameNotMatching(".*\\.Tls(Load|Soak)").should().callMethodWhere(sleeps()).check(tests);
	}

	@ArchTest
	static final ArchRule nothingIsWrittenToTheConsole = noClasses().should()
		.accessField(System.class, "out")
		.orShould()
		.accessField(System.class, "err");

	/** Whoever reads a report of failures sees the whole name. */
	@Test
	void namesOfTestsHaveAtMost76Letters() {
		Pattern longer = Pattern.compile("void \\w{77}");
		assertThat(Source.in("test")).noneMatch((test) -> longer.matcher(test.text()).find());
	}

	/**
	 * Whoever changes a class finds its tests, and whoever reads a test what it is of.
	 */
	@Test
	void testsNameWhatTheyTest() {
		List<Source> classes = Source.in("main");
		Set<String> names = classes.stream().map(Source::name).collect(Collectors.toSet());
		Set<String> tested = new HashSet<>();
		assertThat(Source.in("test")).filteredOn((test) -> test.name().endsWith("Tests")).allSatisfy((test) -> {
			assertThat(test.seen()).as("the classes that it tests, or files in quotes, by @see in its Javadoc")
				.isNotEmpty()
				.allMatch((name) -> names.contains(name) || Files.exists(ProjectFiles.ROOT.resolve(name)));
			tested.addAll(test.seen());
		});
		assertThat(classes).filteredOn((type) -> type.text().lines().count() > UNTESTED_LINES)
			.extracting(Source::name)
			.as("classes that the Javadoc of a test names by @see")
			.filteredOn((name) -> !tested.contains(name))
			.isEmpty();
	}

	/** An application excludes auto-configurations by their names. */
	private static boolean isInternal(JavaClass type) {
		Matcher mark = INTERNAL.matcher(packageDocumentation(type.getPackageName()));
		if (type.isAnnotatedWith(AutoConfiguration.class) || !mark.find()) {
			return false;
		}
		boolean named = mark.group("names").contains("." + type.getSimpleName() + "}");
		return switch (mark.group("which")) {
			case ":" -> named;
			case ", except for" -> !named;
			default -> true;
		};
	}

	private static Stream<String> code(String prose) {
		return Pattern.compile("`[^`]+`").matcher(prose).results().map(MatchResult::group);
	}

	private static String packageDocumentation(String name) {
		String module = name.startsWith(BASE + "test") ? "cert-manager-test" : "cert-manager-autoconfigure";
		return ProjectFiles.read("%s/src/main/java/%s/package-info.java".formatted(module, name.replace('.', '/')))
			.replaceAll("\\s+(\\* )?", " ");
	}

	private static DescribedPredicate<JavaMethodCall> sleeps() {
		return DescribedPredicate.describe("a thread sleeps", (call) -> call.getName().equals("sleep")
				|| call.getName().equals("pollDelay") || call.getTargetOwner().isEquivalentTo(LockSupport.class));
	}

	private static boolean readsTime(JavaMethodCall call) {
		return List.of("java.lang", "java.time").contains(call.getTargetOwner().getPackageName())
				&& List.of("currentTimeMillis", "nanoTime", "now").contains(call.getName())
				&& call.getTarget()
					.getRawParameterTypes()
					.stream()
					.noneMatch((type) -> type.isEquivalentTo(Clock.class));
	}

	/** A source file, by the name of its class. */
	private record Source(String name, String text) {

		private static final Pattern SEE = Pattern.compile("(?m)^ \\* @see (?:\"(.+)\"|((?:[a-z]\\w*\\.)*[A-Z]\\w*))");

		static List<Source> in(String kind) {
			return Stream.of("cert-manager-autoconfigure", "cert-manager-test", "sample-app")
				.map((module) -> ProjectFiles.ROOT.resolve(module).resolve("src").resolve(kind).resolve("java"))
				.flatMap((directory) -> ProjectFiles.in(directory.toString(), ".java")
					.stream()
					.map((file) -> new Source(
							directory.relativize(file).toString().replace(".java", "").replace('/', '.'),
							ProjectFiles.read(file))))
				.toList();
		}

		/** What the Javadoc of the class names by {@code @see}. */
		List<String> seen() {
			return SEE.matcher(this.text)
				.results()
				.map((see) -> (see.group(1) != null) ? see.group(1) : resolve(see.group(2)))
				.toList();
		}

		@Override
		public String toString() {
			return this.name;
		}

		private String resolve(String type) {
			Matcher imported = Pattern.compile("import (\\S+\\.%s);".formatted(type)).matcher(this.text);
			return type.contains(".") ? type : imported.find() ? imported.group(1)
					: this.name.substring(0, this.name.lastIndexOf('.') + 1) + type;
		}

	}

}
