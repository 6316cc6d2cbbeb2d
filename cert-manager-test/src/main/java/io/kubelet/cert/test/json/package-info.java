/**
 * The JSON form of API objects, also of those that come in the protobuf encoding.
 * Internal.
 */
@NullMarked
package io.kubelet.cert.test.json;

import org.jspecify.annotations.NullMarked;
