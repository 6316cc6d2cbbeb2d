package io.kubelet.cert.faults;

import java.nio.file.Path;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * What tests with a {@link RotatingProgram} have in common.
 */
abstract class RotatingProgramTest {

	@TempDir
	Path kubeconfigs;

	@TempDir
	Path directory;

	RotatingProgram program;

	@BeforeEach
	void create() {
		this.program = new RotatingProgram(this.kubeconfigs);
	}

	@AfterEach
	void close() {
		this.program.close();
	}

}
