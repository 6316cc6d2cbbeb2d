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
import java.util.Set;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

/**
 * Tests for how the packages may depend on each other, and for what no class may do.
 */
class ArchitectureTests {

	private static final String BASE = "io.kubelet.cert.";

	private static final String[] ENGINE = { BASE + "certificate..", BASE + "request..", BASE + "store..",
			BASE + "rotation.." };

	private static final Set<Class<?>> TIMES = Set.of(Instant.class, LocalDate.class, LocalDateTime.class,
			LocalTime.class, OffsetDateTime.class, ZonedDateTime.class);

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
		.withImportOption((location) -> !location.contains("cert-manager-test"))
		.importPackages("io.kubelet.cert");

	@Test
	void packagesAreFreeOfCycles() {
		slices().matching(BASE + "(**)").should().beFreeOfCycles().check(CLASSES);
	}

	@ParameterizedTest(name = "{0} uses {1}")
	@CsvSource({ "certificate,", "request, certificate", "store, certificate", "rotation, certificate request store",
			"kubernetes, certificate request store", "ssl, certificate rotation", "event, certificate rotation",
			"actuate, certificate rotation" })
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
	}

	@Test
	void bouncyCastleIsUsedForRequestsAndCertificatesOnly() {
		noClasses().that()
			.resideOutsideOfPackages(BASE + "request..", BASE + "certificate..")
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

	@Test
	void timeIsReadThroughAClockOnly() {
		noClasses().should().callMethodWhere(readsTheTime()).check(CLASSES);
		noClasses().should().callConstructor(Date.class).check(CLASSES);
	}

	@Test
	void clocksAreChosenByTheBuilderAndTheWiringOnly() {
		noClasses().that()
			.resideOutsideOfPackage(BASE + "autoconfigure..")
			.and()
			.doNotHaveFullyQualifiedName(BASE + "rotation.engine.CertificateManagerBuilder")
			.should()
			.callMethodWhere(DescribedPredicate.describe("a system clock is chosen",
					(call) -> call.getTargetOwner().isEquivalentTo(Clock.class) && call.getName().startsWith("system")))
			.check(CLASSES);
	}

	@Test
	void noThreadSleeps() {
		noClasses().should()
			.callMethodWhere(DescribedPredicate.describe("a thread sleeps",
					(call) -> call.getTargetOwner().isEquivalentTo(Thread.class) && call.getName().equals("sleep")))
			.check(CLASSES);
	}

	@Test
	void nothingIsWrittenToTheConsole() {
		noClasses().should()
			.accessField(System.class, "out")
			.orShould()
			.accessField(System.class, "err")
			.check(CLASSES);
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
