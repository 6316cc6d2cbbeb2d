/**
 * Values: certificate templates, pairs, requests, key specifications, and their PEM form.
 */
@NullMarked
package io.kubelet.cert.certificate;

import org.jspecify.annotations.NullMarked;
