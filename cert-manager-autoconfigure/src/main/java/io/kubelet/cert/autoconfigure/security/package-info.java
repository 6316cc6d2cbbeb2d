/**
 * Auto-configuration for Spring Security. Internal, except for the auto-configuration,
 * which an application may exclude.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.security;

import org.jspecify.annotations.NullMarked;
