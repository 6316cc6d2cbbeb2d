package io.kubelet.cert.autoconfigure.connections;

import java.util.stream.Stream;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.stub.AbstractStub;
import io.kubelet.cert.rotation.CertificateManager;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Lets the channels of gRPC that are beans, or belong to stubs that are, make their next
 * call on a new connection. Calls that have begun end on the previous one. The channel of
 * a stub with interceptors of its own cannot be found.
 *
 * @param beans the beans
 */
record GrpcChannelDrain(ConfigurableListableBeanFactory beans) implements CertificateManager.Follower {

	/** The bundle of a channel is not known. An additional handshake does no harm. */
	@Override
	public void updated(String bundleName) {
		Stream<Channel> stubs = ExistingBeans.of(AbstractStub.class, this.beans).map((stub) -> stub.getChannel());
		Stream.concat(ExistingBeans.of(ManagedChannel.class, this.beans), stubs)
			.distinct()
			.filter(ManagedChannel.class::isInstance)
			.map(ManagedChannel.class::cast)
			.forEach(ManagedChannel::enterIdle);
	}

}
