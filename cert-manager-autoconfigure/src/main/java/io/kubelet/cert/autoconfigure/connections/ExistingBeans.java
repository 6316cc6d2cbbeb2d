package io.kubelet.cert.autoconfigure.connections;

import java.util.Arrays;
import java.util.stream.Stream;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Finds the beans that have been created already. A bean that has not been used yet has
 * no connections, so it is not created for this purpose.
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
