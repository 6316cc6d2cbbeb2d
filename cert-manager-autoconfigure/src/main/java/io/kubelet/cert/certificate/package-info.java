/**
 * Values: certificate templates, issued pairs, key specifications, and their PEM form.
 */
@NullMarked
package io.kubelet.cert.certificate;

import org.jspecify.annotations.NullMarked;
