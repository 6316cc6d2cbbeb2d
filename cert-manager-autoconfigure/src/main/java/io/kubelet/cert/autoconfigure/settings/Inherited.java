package io.kubelet.cert.autoconfigure.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a property, or a group of properties, whose values an additional certificate
 * inherits from the first one if it does not set them itself. What identifies a
 * certificate is not inherited.
 */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@interface Inherited {

	/**
	 * Properties, separated by commas, each of which replaces the inherited values if the
	 * additional certificate sets it itself.
	 */
	String unless() default "";

}
