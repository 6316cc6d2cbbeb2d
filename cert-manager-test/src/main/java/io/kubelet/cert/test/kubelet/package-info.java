/**
 * What a kubelet writes for the pods of its node.
 */
@NullMarked
package io.kubelet.cert.test.kubelet;

import org.jspecify.annotations.NullMarked;
