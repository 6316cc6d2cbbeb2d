package io.kubelet.cert.kubernetes;

/**
 * The API server has been asked, and has not answered yet.
 */
public final class NoAnswerYetException extends KubernetesConfigurationException {

	public NoAnswerYetException(String message) {
		super(message);
	}

}
