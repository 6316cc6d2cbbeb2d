/**
 * What the API server does with objects of any type: create, read, update, list, watch
 * and delete them, in the words of a real one. Internal.
 */
@NullMarked
package io.kubelet.cert.test.api;

import org.jspecify.annotations.NullMarked;
