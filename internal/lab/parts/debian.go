package parts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"
)

// policyFile tells Debian's maintainer scripts whether a freshly installed
// daemon may be started (invoke-rc.d(8)). The lab starts its own, in its own
// network; the host must not get a Docker engine with iptables rules.
const policyFile = "/usr/sbin/policy-rc.d"

// MissingPackages lists the Debian packages that the lab needs and the machine
// lacks.
func MissingPackages() []string {
	var missing []string
	for name, file := range debianPackages {
		if _, err := os.Stat(file); err != nil {
			missing = append(missing, name)
		}
	}
	if PipMissing() {
		missing = append(missing, "python3-pip")
	}
	slices.Sort(missing)
	return missing
}

// PipMissing says whether the machine lacks pip, which fetches Envoy.
func PipMissing() bool {
	return exec.Command("python3", "-m", "pip", "--version").Run() != nil
}

// Debian installs what MissingPackages lists, without starting any of it.
func (b Builder) Debian(ctx context.Context) error {
	missing := MissingPackages()
	if len(missing) == 0 {
		return nil
	}
	b.Note("installing " + strings.Join(missing, " "))
	if _, err := os.Stat(policyFile); errors.Is(err, os.ErrNotExist) { // else the machine has a policy of its own
		if err := os.WriteFile(policyFile, []byte("#!/bin/sh\nexit 101\n"), 0o755); err != nil {
			return fmt.Errorf("keeping daemons from being started: %w", err)
		}
		defer os.Remove(policyFile)
	}
	env := []string{"DEBIAN_FRONTEND=noninteractive"}
	install := append([]string{"apt-get", "install", "-y", "--no-install-recommends"}, missing...)
	for _, args := range [][]string{{"apt-get", "update"}, install} {
		if _, err := b.Runner.Run(ctx, runner.Command{Args: args, Env: env, Log: b.Log}); err != nil {
			return hint.With(fmt.Errorf("installing Debian packages: %w", err), "run `"+runner.Quote(args)+"` by hand and see what it says")
		}
	}
	if left := MissingPackages(); len(left) > 0 {
		return errors.New("installing Debian packages: apt-get succeeded, yet these are not there: " + strings.Join(left, " "))
	}
	return nil
}
