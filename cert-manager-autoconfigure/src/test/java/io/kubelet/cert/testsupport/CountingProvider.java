package io.kubelet.cert.testsupport;

import java.security.AlgorithmParameters;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyFactorySpi;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyPairGeneratorSpi;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.Signature;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.KeySpec;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * The cryptography of the JDK, with every operation counted. It is the first provider
 * until it is closed.
 */
public final class CountingProvider extends Provider implements AutoCloseable {

	/** What is counted. */
	public enum Operation {

		KEY_GENERATION, SIGNATURE, VERIFICATION, KEY_DECODING

	}

	private static final Set<String> TYPES = Set.of("KeyPairGenerator", "Signature", "KeyFactory");

	private final transient Map<Operation, Integer> counts = new EnumMap<>(Operation.class);

	private transient boolean paused;

	/** Begin to count. */
	public CountingProvider() {
		super("Counting", "1", "Counts what the other providers do");
		for (Provider provider : List.of(Security.getProviders())) {
			provider.getServices()
				.stream()
				.filter((service) -> TYPES.contains(service.getType())
						&& getService(service.getType(), service.getAlgorithm()) == null)
				.forEach((service) -> putService(new CountedService(service)));
		}
		Security.insertProviderAt(this, 1);
	}

	/** Return how often something was done, and begin anew. */
	public synchronized Map<Operation, Integer> take() {
		Map<Operation, Integer> taken = new EnumMap<>(this.counts);
		this.counts.clear();
		return taken;
	}

	/** Do something that is not counted, such as what a signer does. */
	public <T> T uncounted(Supplier<T> action) {
		this.paused = true;
		try {
			return action.get();
		}
		finally {
			this.paused = false;
		}
	}

	@Override
	public void close() {
		Security.removeProvider(getName());
	}

	private synchronized void count(Operation operation) {
		if (!this.paused) {
			this.counts.merge(operation, 1, Integer::sum);
		}
	}

	private final class CountedService extends Service {

		private final Service service;

		CountedService(Service service) {
			super(CountingProvider.this, service.getType(), service.getAlgorithm(), service.getClassName(), null, null);
			this.service = service;
		}

		@Override
		public Object newInstance(@Nullable Object parameter) throws NoSuchAlgorithmException {
			Provider provider = this.service.getProvider();
			return switch (getType()) {
				case "KeyPairGenerator" ->
					new CountedKeyPairGenerator(KeyPairGenerator.getInstance(getAlgorithm(), provider));
				case "Signature" -> new CountedSignature(Signature.getInstance(getAlgorithm(), provider));
				default -> new CountedKeyFactory(KeyFactory.getInstance(getAlgorithm(), provider));
			};
		}

		@Override
		public boolean supportsParameter(Object parameter) {
			return this.service.supportsParameter(parameter);
		}

	}

	private final class CountedKeyPairGenerator extends KeyPairGeneratorSpi {

		private final KeyPairGenerator generator;

		CountedKeyPairGenerator(KeyPairGenerator generator) {
			this.generator = generator;
		}

		@Override
		public void initialize(int size, SecureRandom random) {
			this.generator.initialize(size, random);
		}

		@Override
		public void initialize(AlgorithmParameterSpec parameters, SecureRandom random)
				throws InvalidAlgorithmParameterException {
			this.generator.initialize(parameters, random);
		}

		@Override
		public KeyPair generateKeyPair() {
			count(Operation.KEY_GENERATION);
			return this.generator.generateKeyPair();
		}

	}

	private final class CountedSignature extends SignatureSpi {

		private final Signature signature;

		CountedSignature(Signature signature) {
			this.signature = signature;
		}

		@Override
		protected void engineInitVerify(PublicKey key) throws InvalidKeyException {
			this.signature.initVerify(key);
		}

		@Override
		protected void engineInitSign(PrivateKey key) throws InvalidKeyException {
			this.signature.initSign(key);
		}

		@Override
		protected void engineUpdate(byte input) throws SignatureException {
			this.signature.update(input);
		}

		@Override
		protected void engineUpdate(byte[] input, int offset, int length) throws SignatureException {
			this.signature.update(input, offset, length);
		}

		@Override
		protected byte[] engineSign() throws SignatureException {
			count(Operation.SIGNATURE);
			return this.signature.sign();
		}

		@Override
		protected boolean engineVerify(byte[] signed) throws SignatureException {
			count(Operation.VERIFICATION);
			return this.signature.verify(signed);
		}

		@Override
		protected void engineSetParameter(@Nullable AlgorithmParameterSpec parameters)
				throws InvalidAlgorithmParameterException {
			this.signature.setParameter(parameters);
		}

		@Override
		protected AlgorithmParameters engineGetParameters() {
			return this.signature.getParameters();
		}

		@Override
		@Deprecated
		protected void engineSetParameter(String name, Object value) {
			throw new UnsupportedOperationException();
		}

		@Override
		@Deprecated
		protected Object engineGetParameter(String name) {
			throw new UnsupportedOperationException();
		}

	}

	private final class CountedKeyFactory extends KeyFactorySpi {

		private final KeyFactory factory;

		CountedKeyFactory(KeyFactory factory) {
			this.factory = factory;
		}

		@Override
		protected PublicKey engineGeneratePublic(KeySpec specification) throws InvalidKeySpecException {
			count(Operation.KEY_DECODING);
			return this.factory.generatePublic(specification);
		}

		@Override
		protected PrivateKey engineGeneratePrivate(KeySpec specification) throws InvalidKeySpecException {
			count(Operation.KEY_DECODING);
			return this.factory.generatePrivate(specification);
		}

		@Override
		protected <T extends KeySpec> T engineGetKeySpec(Key key, Class<T> type) throws InvalidKeySpecException {
			return this.factory.getKeySpec(key, type);
		}

		@Override
		protected Key engineTranslateKey(Key key) throws InvalidKeyException {
			return this.factory.translateKey(key);
		}

	}

}
