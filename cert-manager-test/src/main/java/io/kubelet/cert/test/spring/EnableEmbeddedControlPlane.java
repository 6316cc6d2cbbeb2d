package io.kubelet.cert.test.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Gives a test's application context a control plane of its own, as
 * {@link EmbeddedControlPlaneInitializer} does:
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
 * What is asked of Kubernetes' own signers is approved and signed; of any other signer
 * only if it is named here:
 *
 * <pre class="code">
 * &#064;EnableEmbeddedControlPlane(signers = "example.com/serving")
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
	 * as if their controllers were installed. From the start of the context on, what is
	 * asked of them is approved and signed.
	 * @return the names of the signers
	 */
	String[] signers() default {};

}
