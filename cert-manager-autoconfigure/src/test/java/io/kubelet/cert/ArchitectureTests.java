package io.kubelet.cert;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Date;
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
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.Markdown.Block;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfiguration;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how the packages may depend on each other, and for what no class may do.
 */
class ArchitectureTests {

	private static final String BASE = "io.kubelet.cert.";

	private static final String[] ENGINE = { BASE + "certificate..", BASE + "request..", BASE + "store..",
			BASE + "rotation.." };

	private static final Set<Class<?>> TIMES = Set.of(Instant.class, LocalDate.class, LocalDateTime.class,
			LocalTime.class, OffsetDateTime.class, ZonedDateTime.class);

	private static final Pattern INTERNAL = Pattern.compile("Internal(?<which>\\.|:|, except for)(?<names>.*)\\*/");

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
		.importPackages("io.kubelet.cert");

	private static final SliceAssignment TOP_LEVEL_CLASSES = new SliceAssignment() {

		@Override
		public SliceIdentifier getIdentifierOf(JavaClass type) {
			JavaClass top = type;
			while (top.getEnclosingClass().isPresent()) {
				top = top.getEnclosingClass().get();
			}
			return top.getPackageName().startsWith("io.kubelet.cert") ? SliceIdentifier.of(top.getName())
					: SliceIdentifier.ignore();
		}

		@Override
		public String getDescription() {
			return "top-level classes";
		}

	};

	@Test
	void packagesAreFreeOfCycles() {
		slices().matching(BASE + "(**)").should().beFreeOfCycles().check(CLASSES);
	}

	@Test
	void classesAreFreeOfCycles() {
		slices().assignedFrom(TOP_LEVEL_CLASSES).should().beFreeOfCycles().check(CLASSES);
	}

	@Test
	void packagesHaveAtMostTwentyFiles() {
		Map<String, Long> files = CLASSES.stream()
			.filter(JavaClass::isTopLevelClass)
			.collect(Collectors.groupingBy(JavaClass::getPackageName, Collectors.counting()));
		assertThat(files).allSatisfy((name, count) -> assertThat(count).as(name).isLessThanOrEqualTo(20));
	}

	@Test
	void publicTypesAreDocumentedOrInternal() {
		Set<String> documented = Markdown.all()
			.stream()
			.filter((document) -> document.toString().matches("docs/(reference|how-to)/.*"))
			.flatMap((document) -> Stream.concat(document.prose().flatMap(ArchitectureTests::code),
					document.blocks().stream().map(Block::content)))
			.flatMap((text) -> Stream.of(text.split("\\W+")))
			.collect(Collectors.toSet());
		assertThat(CLASSES).filteredOn(JavaClass::isTopLevelClass)
			.filteredOn((type) -> type.getModifiers().contains(JavaModifier.PUBLIC) && !isInternal(type))
			.extracting(JavaClass::getSimpleName)
			.as("public, not named in docs/reference or docs/how-to, and not internal by the package-info")
			.filteredOn((name) -> !documented.contains(name))
			.isEmpty();
	}

	/** With a release: see docs/release.md. */
	@Test
	void publicTypesAreComparedUnlessTheyAreInternal() {
		String pom = ProjectFiles.read("pom.xml");
		assertThat(CLASSES).filteredOn(JavaClass::isTopLevelClass)
			.filteredOn((type) -> type.getModifiers().contains(JavaModifier.PUBLIC))
			.allSatisfy((type) -> {
				boolean included = type.getName().matches("io\\.kubelet\\.cert\\.autoconfigure\\..*AutoConfiguration")
						|| Stream.of(type.getPackageName(), type.getName())
							.anyMatch((name) -> pom.contains("<include>" + name + "</include>"));
				boolean compared = included && !pom.contains("<exclude>" + type.getName() + "</exclude>");
				assertThat(compared).as("%s is compared", type.getName()).isNotEqualTo(isInternal(type));
			});
	}

	@ParameterizedTest(name = "{0} uses {1}")
	@CsvSource({ "certificate,", "request, certificate", "store, certificate", "rotation, certificate request store",
			"kubernetes, certificate request store", "ssl, certificate rotation", "event, certificate rotation",
			"actuate, certificate rotation", "test,", "test.json,", "test.pki,", "test.http, test.pki",
			"test.api, test.http test.json", "test.resource, test.api test.json test.pki",
			"test.server, test.api test.http test.json test.pki test.resource" })
	void packageUsesOnlyWhatItMay(String name, String mayUse) {
		String[] allowed = (name + ((mayUse != null) ? " " + mayUse : "")).split(" ");
		for (int i = 0; i < allowed.length; i++) {
			allowed[i] = BASE + allowed[i] + "..";
		}
		noClasses().that()
			.resideInAPackage(BASE + name + "..")
			.should()
			.dependOnClassesThat(resideInAPackage("io.kubelet.cert..").and(not(resideInAnyPackage(allowed))))
			.check(CLASSES);
	}

	@Test
	void engineKnowsNoFramework() {
		noClasses().that()
			.resideInAnyPackage(ENGINE)
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework..", "io.micrometer..", "io.kubernetes..", "okhttp3..")
			.check(CLASSES);
	}

	@Test
	void kubernetesClientIsUsedByTheAdapterAndTheWiringOnly() {
		noClasses().that()
			.resideOutsideOfPackages(BASE + "kubernetes..", BASE + "autoconfigure..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.kubernetes..", "okhttp3..")
			.check(CLASSES);
		noClasses().should()
			.dependOnClassesThat()
			.resideInAPackage("io.kubernetes.client.openapi.models..")
			.as("models need hints for a native image")
			.check(CLASSES);
	}

	@Test
	void bouncyCastleIsUsedForRequestsAndCertificatesOnly() {
		noClasses().that()
			.resideOutsideOfPackages(BASE + "request..", BASE + "certificate..", BASE + "test..")
			.should()
			.dependOnClassesThat()
			.resideInAPackage("org.bouncycastle..")
			.check(CLASSES);
	}

	@Test
	void nothingDependsOnTheWiring() {
		classes().that()
			.resideInAPackage(BASE + "autoconfigure..")
			.should()
			.onlyHaveDependentClassesThat()
			.resideInAPackage(BASE + "autoconfigure..")
			.check(CLASSES);
	}

	/**
	 * The watches of the embedded control plane end after so many seconds of real time.
	 */
	@Test
	void timeIsReadThroughAClockOnly() {
		noClasses().that()
			.doNotHaveFullyQualifiedName(BASE + "test.api.Watch")
			.should()
			.callMethodWhere(readsTheTime())
			.check(CLASSES);
		noClasses().should().callConstructor(Date.class).check(CLASSES);
	}

	@Test
	void clocksAreChosenByTheDefaultsAndTheWiringOnly() {
		noClasses().that()
			.resideOutsideOfPackage(BASE + "autoconfigure..")
			.and()
			.doNotHaveFullyQualifiedName(BASE + "rotation.engine.RotationSettings$Resources")
			.and()
			.doNotHaveFullyQualifiedName(BASE + "test.EmbeddedControlPlane$Builder")
			.should()
			.callMethodWhere(DescribedPredicate.describe("a system clock is chosen",
					(call) -> call.getTargetOwner().isEquivalentTo(Clock.class) && call.getName().startsWith("system")))
			.check(CLASSES);
	}

	@Test
	void noThreadSleeps() {
		noClasses().should().callMethodWhere(sleeps()).check(CLASSES);
	}

	/** The load tests, which are no part of the build, rotate at a fixed rate. */
	@Test
	void noTestSleeps() {
		JavaClasses tests = new ClassFileImporter().withImportOption(ImportOption.Predefined.ONLY_INCLUDE_TESTS)
			.importPackages("io.kubelet.cert");
		noClasses().that().doNotHaveSimpleName("TlsLoad").should().callMethodWhere(sleeps()).check(tests);
	}

	@Test
	void nothingIsWrittenToTheConsole() {
		noClasses().should()
			.accessField(System.class, "out")
			.orShould()
			.accessField(System.class, "err")
			.check(CLASSES);
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

	private static DescribedPredicate<JavaMethodCall> readsTheTime() {
		return DescribedPredicate.describe("the time is read without a clock", (call) -> {
			AccessTarget target = call.getTarget();
			boolean system = call.getTargetOwner().isEquivalentTo(System.class)
					&& List.of("currentTimeMillis", "nanoTime").contains(target.getName());
			boolean now = TIMES.stream().anyMatch((time) -> call.getTargetOwner().isEquivalentTo(time))
					&& target.getName().equals("now")
					&& call.getTarget()
						.getRawParameterTypes()
						.stream()
						.noneMatch((type) -> type.isEquivalentTo(Clock.class));
			return system || now;
		});
	}

}
