/**
 * The embedded control plane for applications and tests that use Spring.
 */
@NullMarked
package io.kubelet.cert.test.spring;

import org.jspecify.annotations.NullMarked;
