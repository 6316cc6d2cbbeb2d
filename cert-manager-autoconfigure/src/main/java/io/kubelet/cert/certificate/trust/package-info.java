/**
 * Trust, which may follow its source while the application runs, and key stores.
 * Internal.
 */
@NullMarked
package io.kubelet.cert.certificate.trust;

import org.jspecify.annotations.NullMarked;
