package io.kubelet.cert.sample;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The page in a browser without a window. Skipped if Debian's packages {@code chromium}
 * and {@code chromium-driver} are not installed.
 *
 * @see "cert-manager-autoconfigure/src/main/resources/io/kubelet/cert/autoconfigure/actuate/page.js"
 */
class PageTests {

	private static final Path CHROMIUM = Path.of("/usr/bin/chromium");

	private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

	private static final Path SCREENSHOTS = Path.of("target/screenshots");

	private static final String MARKUP = "<img src=x onerror=\"document.title='forged'\">";

	private static ConfigurableApplicationContext application;

	private static ChromeDriver browser;

	@BeforeAll
	static void start() {
		Assumptions.assumeTrue(Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
				"The page is not tested: there is no " + CHROMIUM + " or no " + DRIVER);
		application = SampleApplicationOnEmbeddedControlPlane.run("--server.port=0",
				"--kubelet.cert.rotation.forced-interval=0s",
				"--kubelet.cert.additional.batch.signer-name=kubernetes.io/kube-apiserver-client",
				"--kubelet.cert.additional.batch.template.common-name=batch",
				"--kubelet.cert.additional.batch.ssl.trust=cluster");
		ChromeOptions options = new ChromeOptions();
		options.setBinary(CHROMIUM.toFile());
		options.setAcceptInsecureCerts(true);
		options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
				"--hide-scrollbars");
		browser = new ChromeDriver(new ChromeDriverService.Builder().usingDriverExecutable(DRIVER.toFile()).build(),
				options);
	}

	@AfterAll
	static void stop() {
		if (browser != null) {
			browser.quit();
		}
		if (application != null) {
			application.close();
		}
	}

	@BeforeEach
	void open() {
		plane().behavior().reset().approval(ApprovalPolicy.approving()).certificateLifetime(Duration.ofDays(10));
		size(1280);
		scheme("light");
		load();
	}

	@AfterEach
	void noErrorInTheConsole() {
		assertThat(browser.manage().logs().get("browser").getAll())
			.noneMatch((entry) -> entry.getMessage().matches("(?s).*(Content Security Policy|Trusted|Uncaught).*"));
	}

	@Test
	void rotateNowShowsTheAnswerTheNewCertificateAndTheHistoryThatSurvivesAReload() {
		String before = detail("shop", "Serial number");
		button("shop").click();
		until(() -> field("shop", "answer").equals("202: the rotation has begun."));
		until(() -> !detail("shop", "Serial number").equals(before));
		String after = detail("shop", "Serial number");
		until(() -> field("shop", "history").contains("Rotated on request to " + after));
		load();
		assertThat(field("shop", "history")).contains("Rotated on request to " + after);
	}

	@Test
	void countdownShowsDaysWhenDaysRemainAndGoesOn() {
		rotate("batch");
		until(() -> field("batch", "countdown").matches("\\d+ d \\d+ h \\d+ min"));
		plane().behavior().certificateLifetime(Duration.ofMinutes(30));
		rotate("batch");
		until(() -> field("batch", "countdown").matches("\\d+ min \\d+ s"));
		String before = field("batch", "countdown");
		until(() -> !field("batch", "countdown").equals(before));
	}

	@Test
	void timelineHasTheMomentsInTheirOrder() {
		WebElement card = card("batch");
		assertThat(card.findElements(By.cssSelector(".legend li span"))).extracting(WebElement::getText)
			.containsExactly("Not before", "Now", "Window opens, 70 %", "Rotation due", "Window closes, 90 %",
					"Not after");
		List<Integer> places = List.of(".window", ".deadline")
			.stream()
			.map((part) -> card.findElement(By.cssSelector(part)).getRect().getX())
			.toList();
		assertThat(card.findElement(By.cssSelector(".track .now")).getRect().getX()).isLessThan(places.get(0));
		assertThat(places.get(0)).isLessThanOrEqualTo(places.get(1) + 10);
		assertThat(card.findElement(By.cssSelector(".track")).getDomAttribute("aria-label"))
			.contains("falls between 70\u00a0% and 90\u00a0%");
	}

	@Test
	void peersAreShownWhereThereAreAny() {
		until(() -> card("shop").findElements(By.cssSelector("tbody [role=row]")).size() == 2);
		assertThat(card("shop").findElements(By.cssSelector("tbody .Identity"))).extracting(WebElement::getText)
			.containsOnly("spiffe://example.org/ns/shop/sa/shop");
		assertThat(card("shop").findElements(By.cssSelector("tbody .Role"))).extracting(WebElement::getText)
			.containsExactlyInAnyOrder("client", "server");
		assertThat(card("batch").findElement(By.cssSelector(".peers")).isDisplayed()).isFalse();
	}

	@Test
	void pendingRequestShowsTheCommandThatApprovesIt() {
		plane().behavior().approval(ApprovalPolicy.manual());
		button("batch").sendKeys(Keys.ENTER);
		until(() -> field("batch", "command").startsWith("kubectl certificate approve batch-"));
		until(() -> field("batch", "state").equals("ROTATING"));
		assertThat(field("batch", "pending")).contains("has been waiting for");
		violations();
		plane().behavior().signingDelay(Duration.ofHours(1)).approval(ApprovalPolicy.approving());
		until(() -> field("batch", "pending").endsWith("It is approved, but not signed."));
		assertThat(field("batch", "command")).as("nothing is left to approve").isEmpty();
		plane().behavior().signingDelay(Duration.ZERO);
		until(() -> !card("batch").findElement(By.cssSelector(".pending")).isDisplayed());
	}

	/** Somebody who looks at it may have another current namespace. */
	@Test
	void pendingRequestOfAnIssuerShowsTheCommandThatDescribesIt() {
		plane().behavior().approval(ApprovalPolicy.manual());
		button("shop").click();
		until(() -> field("shop", "command").startsWith("kubectl describe certificaterequest "));
		assertThat(field("shop", "command"))
			.startsWith("kubectl describe certificaterequest --namespace default shop-");
		plane().behavior().approval(ApprovalPolicy.approving());
		until(() -> !card("shop").findElement(By.cssSelector(".pending")).isDisplayed());
	}

	@Test
	void namesAreTextWhateverTheyContain() {
		browser.executeScript(
				"""
						const original = window.fetch;
						const markup = JSON.stringify(arguments[0]).slice(1, -1);
						window.fetch = async (...request) => {
							const text = await (await original(...request)).text();
							const forged = text.replaceAll('CN=', markup).replaceAll('spiffe:', markup).replaceAll('"batch"', `"${markup}"`);
							return new Response(forged, { headers: { 'Content-Type': 'application/json' } });
						};""",
				MARKUP);
		refresh();
		until(() -> detail("shop", "Issuer").startsWith(MARKUP) && detail("shop", "Names").startsWith(MARKUP));
		until(() -> field("shop", "peers").contains(MARKUP + "//example.org"));
		until(() -> browser.findElements(By.tagName("h2")).stream().anyMatch((name) -> name.getText().equals(MARKUP)));
		assertNothingForged();
	}

	private static void assertNothingForged() {
		assertThat(browser.findElements(By.cssSelector("main img"))).isEmpty();
		assertThat(browser.getTitle()).startsWith("Certificates of localhost:");
	}

	@Test
	void failureShowsItsReasonAndTheNextAttempt() {
		plane().behavior().approval(ApprovalPolicy.denying("NotToday", "the approver is on holiday " + MARKUP));
		button("batch").click();
		until(() -> failure().getText()
			.matches("(?s)Attempt \\d+ failed: .*the approver is on holiday " + Pattern.quote(MARKUP) + ".*"));
		until(() -> field("batch", "history").contains("NotToday after"));
		assertThat(field("batch", "history")).contains(MARKUP);
		assertNothingForged();
		violations();
		plane().behavior().approval(ApprovalPolicy.approving());
		rotate("batch");
		until(() -> !failure().isDisplayed());
	}

	@ParameterizedTest(name = "{0}, {1} px wide")
	@CsvSource({ "light, 1280", "dark, 320" })
	void pageFitsAndHasNoViolationsOfTheRulesOfAccessibility(String scheme, int width) throws IOException {
		scheme(scheme);
		size(width);
		load();
		assertThat(number("return document.documentElement.scrollWidth")).isLessThanOrEqualTo(width);
		violations();
		Files.write(Files.createDirectories(SCREENSHOTS).resolve("page-" + scheme + "-" + width + ".png"),
				browser.getScreenshotAs(OutputType.BYTES));
	}

	@Test
	@EnabledIfSystemProperty(named = "docs.generate", matches = "true")
	void screenshotsForTheDocumentationShowAPendingRequestAndAHistory() throws IOException {
		CertificateManagers managers = application.getBean(CertificateManagers.class);
		plane().behavior().approval(ApprovalPolicy.denying("NotToday", "the approver is on holiday"));
		assertThat(managers.get("shop").rotate()).failsWithin(Duration.ofMinutes(2));
		plane().behavior().approval(ApprovalPolicy.approving()).validity(Duration.ofDays(-4), Duration.ofDays(6));
		rotate("batch");
		rotate("shop");
		plane().behavior().approval(ApprovalPolicy.manual());
		managers.get("batch").rotate();
		until(() -> detail("batch", "Rotations").equals("2") && field("shop", "state").equals("VALID")
				&& field("batch", "pending").matches("(?s).*has been waiting for \\d s.*"));
		for (String name : List.of("page", "page-dark", "page-narrow")) {
			scheme(name.equals("page-dark") ? "dark" : "light");
			size(name.equals("page-narrow") ? 320 : 1200, 100);
			size(name.equals("page-narrow") ? 320 : 1200, number("return document.documentElement.scrollHeight"));
			Files.write(Path.of("../docs/images", name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
		}
		plane().behavior().approval(ApprovalPolicy.approving());
		rotate("batch");
	}

	@Test
	void keyboardReachesEachButtonInTheirOrder() {
		WebElement body = browser.findElement(By.tagName("body"));
		body.sendKeys(Keys.TAB);
		assertThat(browser.switchTo().activeElement().getAccessibleName()).isEqualTo("Rotate now: batch");
		do {
			browser.switchTo().activeElement().sendKeys(Keys.TAB);
		}
		while (browser.switchTo().activeElement().getTagName().equals("summary"));
		assertThat(browser.switchTo().activeElement().getAccessibleName()).isEqualTo("Rotate now: shop");
		assertThat(browser.switchTo().activeElement().getCssValue("outline-style")).isEqualTo("solid");
	}

	/** A page around it could have a click land on the button. */
	@Test
	void rotationIsNotOfferedInAFrame() {
		String url = browser.getCurrentUrl();
		browser.get(url.replace("certificates", "health"));
		browser.executeScript(
				"document.body.append(Object.assign(document.createElement('iframe'), { src: arguments[0] }))", url);
		browser.switchTo().frame(0);
		until(() -> !browser.findElements(By.cssSelector("#connection.live")).isEmpty());
		assertThat(browser.findElements(By.cssSelector(".rotate"))).hasSize(2).noneMatch(WebElement::isDisplayed);
	}

	private static void violations() {
		try (InputStream axe = PageTests.class.getResourceAsStream("/axe.min.js")) {
			browser.executeScript(new String(Objects.requireNonNull(axe).readAllBytes(), StandardCharsets.UTF_8));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		Object violations = browser.executeAsyncScript("const done = arguments[0];"
				+ "axe.run().then((results) => done(results.violations.map((rule) => rule.id + ': ' + rule.help + ' '"
				+ " + rule.nodes.map((node) => node.html).join(' '))));");
		assertThat(violations).asInstanceOf(InstanceOfAssertFactories.LIST).isEmpty();
	}

	private static void rotate(String name) {
		assertThat(application.getBean(CertificateManagers.class).get(name).rotate())
			.succeedsWithin(Duration.ofMinutes(2));
		refresh();
	}

	/** As if the page came to the front: otherwise it looks after up to five seconds. */
	private static void refresh() {
		browser.executeScript("document.dispatchEvent(new Event('visibilitychange'))");
	}

	private static void load() {
		browser.get("https://localhost:" + application.getEnvironment().getProperty("local.server.port")
				+ "/actuator/certificates");
		until(() -> text("#connection").equals("Live"));
	}

	private static void size(int width) {
		size(width, 1100);
	}

	private static void size(int width, int height) {
		browser.executeCdpCommand("Emulation.setDeviceMetricsOverride",
				Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
	}

	private static void scheme(String scheme) {
		browser.executeCdpCommand("Emulation.setEmulatedMedia",
				Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
	}

	private static EmbeddedControlPlane plane() {
		return application.getBean(EmbeddedControlPlane.class);
	}

	private static WebElement card(String name) {
		return browser.findElement(By.xpath("//article[.//h2[.='" + name + "']]"));
	}

	private static WebElement button(String name) {
		return card(name).findElement(By.cssSelector(".rotate"));
	}

	private static String field(String name, String field) {
		return card(name).findElement(By.cssSelector("[data-field=" + field + "]")).getText();
	}

	private static String detail(String name, String term) {
		return card(name).findElement(By.xpath(".//dt[.='" + term + "']/following-sibling::dd")).getText();
	}

	private static WebElement failure() {
		return card("batch").findElement(By.cssSelector(".failure"));
	}

	private static String text(String selector) {
		return browser.findElement(By.cssSelector(selector)).getText();
	}

	private static int number(String script) {
		return ((Number) Objects.requireNonNull(browser.executeScript(script))).intValue();
	}

	private static void until(Callable<Boolean> condition) {
		Awaitility.await()
			.atMost(Duration.ofMinutes(2))
			.ignoreException(StaleElementReferenceException.class)
			.until(condition);
	}

}
