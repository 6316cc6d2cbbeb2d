/**
 * Auto-configuration of the SSL bundles and of the Kubernetes client. Internal, except
 * for the auto-configurations, which an application may exclude.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.ssl;

import org.jspecify.annotations.NullMarked;
