/**
 * The JSON form of API objects. Internal.
 */
@NullMarked
package io.kubelet.cert.test.json;

import org.jspecify.annotations.NullMarked;
