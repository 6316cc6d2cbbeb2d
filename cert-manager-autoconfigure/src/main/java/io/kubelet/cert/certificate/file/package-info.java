/**
 * Reads files, and detects that they have changed. Internal.
 */
@NullMarked
package io.kubelet.cert.certificate.file;

import org.jspecify.annotations.NullMarked;
