/**
 * Auto-configuration of clients of other protocols than HTTP. Internal.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.connections;

import org.jspecify.annotations.NullMarked;
