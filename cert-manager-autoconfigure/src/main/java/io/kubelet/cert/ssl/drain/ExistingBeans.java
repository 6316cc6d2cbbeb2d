package io.kubelet.cert.ssl.drain;

import java.util.Arrays;
import java.util.stream.Stream;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * The beans that exist already. One that nobody has used yet has no connections, and is
 * not to be created for their sake.
 */
final class ExistingBeans {

	private ExistingBeans() {
	}

	static <T> Stream<T> of(Class<T> type, ConfigurableListableBeanFactory beans) {
		return Arrays.stream(beans.getBeanNamesForType(type, true, false))
			.map(beans::getSingleton)
			.filter(type::isInstance)
			.map(type::cast);
	}

}
