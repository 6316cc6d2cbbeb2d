/**
 * The stations that a request passes in the API server: who asks, whether it is
 * permitted, and what is served. Internal.
 */
@NullMarked
package io.kubelet.cert.test.server;

import org.jspecify.annotations.NullMarked;
