/**
 * The rotation loop: when to ask for a certificate, and what to do with the answer.
 */
@NullMarked
package io.kubelet.cert.rotation;

import org.jspecify.annotations.NullMarked;
