/**
 * The types of objects that the API server keeps, each with its own rules. Internal.
 */
@NullMarked
package io.kubelet.cert.test.resource;

import org.jspecify.annotations.NullMarked;
