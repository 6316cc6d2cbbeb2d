package io.kubelet.cert.ssl;

import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSessionContext;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.util.ReflectionUtils;

/**
 * The session ticket keys of Netty contexts that use OpenSSL. A context cannot read the
 * tickets that it issued with previous keys. Reflection is used because libraries such as
 * gRPC contain a copy of Netty in a package of their own.
 */
final class TicketKeys {

	private static final Logger logger = LoggerFactory.getLogger(TicketKeys.class);

	private static final SecureRandom random = new SecureRandom();

	private TicketKeys() {
	}

	/**
	 * Whether a server's context may issue tickets. Netty allows it where TLS 1.3 is
	 * enabled, unless a system property of the JDK forbids it. To replace the keys of
	 * another context would allow it.
	 */
	static boolean areUsed(@Nullable Object transport) {
		return transport instanceof SSLEngine engine && List.of(engine.getEnabledProtocols()).contains("TLSv1.3")
				&& !"false".equals(System.getProperty("jdk.tls.server.enableSessionTicketExtension"));
	}

	/** Replaces the key if the context uses OpenSSL. */
	static void replace(SSLSessionContext context) {
		Arrays.stream(context.getClass().getMethods())
			.filter((method) -> method.getName().equals("setTicketKeys") && method.isVarArgs())
			.forEach((method) -> replace(context, method));
	}

	private static void replace(SSLSessionContext context, Method setter) {
		Class<?> type = setter.getParameterTypes()[0].getComponentType();
		try {
			Object keys = Array.newInstance(type, 1);
			Array.set(keys, 0, type.getConstructor(byte[].class, byte[].class, byte[].class)
				.newInstance(bytes(), bytes(), bytes()));
			ReflectionUtils.invokeMethod(setter, context, keys);
		}
		catch (ReflectiveOperationException | RuntimeException ex) {
			logger.debug("Could not replace the ticket keys of {}; it may have been closed", context, ex);
		}
	}

	/** Returns a key name, an HMAC key or an AES key. */
	private static byte[] bytes() {
		byte[] bytes = new byte[16];
		random.nextBytes(bytes);
		return bytes;
	}

}
