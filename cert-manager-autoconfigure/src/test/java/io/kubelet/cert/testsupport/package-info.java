/**
 * What tests share: an authority, simulated time, and fakes of the engine's ports.
 */
@NullMarked
package io.kubelet.cert.testsupport;

import org.jspecify.annotations.NullMarked;
