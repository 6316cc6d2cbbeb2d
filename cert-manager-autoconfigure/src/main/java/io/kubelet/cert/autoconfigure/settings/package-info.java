/**
 * The properties and what they mean: bound as Spring Boot's own, resolved once into an
 * immutable, validated value for each certificate. Internal.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.settings;

import org.jspecify.annotations.NullMarked;
