package io.kubelet.cert.autoconfigure.server;

import io.kubelet.cert.rotation.CertificateManagers;

import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Import;

/**
 * Configuration of a management server on its own port, whose context does not see the
 * customizers of the application.
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@ConditionalOnBean(CertificateManagers.class)
@ConditionalOnClass(WebServerFactoryCustomizer.class)
@Import({ CertificateServerAutoConfiguration.Tomcat.class, CertificateServerAutoConfiguration.Jetty.class,
		CertificateServerAutoConfiguration.Netty.class })
class CertificateManagementServerConfiguration {

}
