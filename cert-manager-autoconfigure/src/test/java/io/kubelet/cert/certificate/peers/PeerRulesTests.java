package io.kubelet.cert.certificate.peers;

import java.util.List;
import java.util.Set;

import io.kubelet.cert.certificate.peers.AcceptedPeers.Named;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PeerRules}.
 *
 * @see PeerRules
 */
class PeerRulesTests {

	private final AcceptedPeers shop = new Named(List.of(), Set.of("shop.svc"), Set.of());

	@Test
	void eachRoleHasItsOwnRule() {
		PeerRules rules = new PeerRules(this.shop, AcceptedPeers.everyone());
		assertThat(rules.of(PeerRole.CLIENT)).isSameAs(this.shop);
		assertThat(rules.of(PeerRole.SERVER)).isSameAs(AcceptedPeers.everyone());
	}

	@Test
	void thereIsARuleIfClientsOrServersAreRestricted() {
		assertThat(PeerRules.NONE.isRestricted()).isFalse();
		assertThat(new PeerRules(this.shop, AcceptedPeers.everyone()).isRestricted()).isTrue();
		assertThat(new PeerRules(AcceptedPeers.everyone(), this.shop).isRestricted()).isTrue();
	}

}
