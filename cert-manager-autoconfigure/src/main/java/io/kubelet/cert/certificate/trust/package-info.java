/**
 * Trust that follows its source while the application runs. Internal.
 */
@NullMarked
package io.kubelet.cert.certificate.trust;

import org.jspecify.annotations.NullMarked;
