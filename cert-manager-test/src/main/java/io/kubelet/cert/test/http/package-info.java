/**
 * HTTPS requests and responses, as far as they know nothing of Kubernetes. Internal.
 */
@NullMarked
package io.kubelet.cert.test.http;

import org.jspecify.annotations.NullMarked;
