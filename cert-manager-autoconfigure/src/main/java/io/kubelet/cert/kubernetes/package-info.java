/**
 * What applications see of the access to the API server.
 */
@NullMarked
package io.kubelet.cert.kubernetes;

import org.jspecify.annotations.NullMarked;
