/**
 * What applications use of the rotation: the managers, their status and their listeners.
 */
@NullMarked
package io.kubelet.cert.rotation;

import org.jspecify.annotations.NullMarked;
