@NullMarked
package io.kubelet.cert.kubernetes.certmanager;

import org.jspecify.annotations.NullMarked;
