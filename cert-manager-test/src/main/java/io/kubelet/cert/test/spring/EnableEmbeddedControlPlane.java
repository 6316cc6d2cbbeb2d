package io.kubelet.cert.test.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Gives the application context of a test its own control plane and its own temporary
 * directory for certificates, like {@link EmbeddedControlPlaneInitializer}:
 *
 * <pre class="code">
 * &#064;SpringBootTest
 * &#064;EnableEmbeddedControlPlane
 * class CheckoutTests {
 *
 * 	&#064;Autowired
 * 	EmbeddedControlPlane controlPlane;
 *
 * }
 * </pre>
 *
 * Requests for Kubernetes' own signers are approved and signed. Other signers have to be
 * named:
 *
 * <pre class="code">
 * &#064;EnableEmbeddedControlPlane(signers = "example.com/serving")
 * </pre>
 *
 * To use another directory, set {@code kubelet.cert.cert-dir} as a property of the test:
 *
 * <pre class="code">
 * &#064;SpringBootTest(properties = "kubelet.cert.cert-dir=target/pki")
 * </pre>
 *
 * Tests that share a context share its control plane. Works with any test that uses the
 * Spring TestContext framework.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
public @interface EnableEmbeddedControlPlane {

	/**
	 * Names of signers that are not Kubernetes' own, as in {@code example.com/serving},
	 * and issuers of cert-manager, as in {@code ClusterIssuer/internal},
	 * {@code Issuer/internal} (in the namespace {@code default}),
	 * {@code Issuer/shop/internal} (in {@code shop}) or, with the API group of an
	 * external one, {@code issuers.example.com/ExampleIssuer/internal}, as if their
	 * controllers were installed. From the start of the context on, their requests are
	 * approved and signed.
	 * @return the names of the signers and the issuers
	 */
	String[] signers() default {};

}
