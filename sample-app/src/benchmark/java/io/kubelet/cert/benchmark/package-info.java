/**
 * Benchmarks, run by the Maven profile {@code benchmark}: see {@code docs/benchmarks.md}.
 */
@NullMarked
package io.kubelet.cert.benchmark;

import org.jspecify.annotations.NullMarked;
