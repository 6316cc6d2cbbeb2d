package io.kubelet.cert.autoconfigure.addresses;

import java.util.Set;

/**
 * Where DNS names and IP addresses are from, besides those of the template.
 *
 * @param source the source
 * @param interfaces the network interfaces that count, empty for all
 * @param dnsOnly whether DNS names suffice while there is no IP address
 * @param nodeName the node's name; empty if neither the subject nor the source needs it
 */
public record Addresses(AddressSourceKind source, Set<String> interfaces, boolean dnsOnly, String nodeName) {
}
