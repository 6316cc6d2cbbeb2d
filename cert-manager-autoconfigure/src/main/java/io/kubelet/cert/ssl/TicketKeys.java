package io.kubelet.cert.ssl;

import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.security.SecureRandom;
import java.util.Arrays;

import javax.net.ssl.SSLSessionContext;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.util.ReflectionUtils;

/**
 * The keys with which a Netty context that uses OpenSSL encrypts session tickets. With
 * new ones, it cannot read the tickets that it has given out. They are reached by
 * reflection, because a library such as gRPC has a copy of Netty in a package of its own.
 */
final class TicketKeys {

	private static final Logger logger = LoggerFactory.getLogger(TicketKeys.class);

	private static final SecureRandom random = new SecureRandom();

	private TicketKeys() {
	}

	/** Gives a context a new key, if it is one of OpenSSL. */
	static void renew(SSLSessionContext context) {
		Arrays.stream(context.getClass().getMethods())
			.filter((method) -> method.getName().equals("setTicketKeys") && method.isVarArgs())
			.forEach((method) -> renew(context, method));
	}

	private static void renew(SSLSessionContext context, Method setter) {
		Class<?> type = setter.getParameterTypes()[0].getComponentType();
		try {
			Object keys = Array.newInstance(type, 1);
			Array.set(keys, 0, type.getConstructor(byte[].class, byte[].class, byte[].class)
				.newInstance(bytes(), bytes(), bytes()));
			ReflectionUtils.invokeMethod(setter, context, keys);
		}
		catch (ReflectiveOperationException | RuntimeException ex) {
			logger.debug("{} has no new ticket keys; it may have been closed", context, ex);
		}
	}

	/** Bytes for the name, for the key of the HMAC or for that of AES. */
	private static byte[] bytes() {
		byte[] bytes = new byte[16];
		random.nextBytes(bytes);
		return bytes;
	}

}
