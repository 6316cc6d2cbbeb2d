/**
 * Keys, requests and certificates: the authority of the control plane, and PEM. Internal.
 */
@NullMarked
package io.kubelet.cert.test.pki;

import org.jspecify.annotations.NullMarked;
