package parts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/runner"
)

// policyFile tells Debian's maintainer scripts whether a freshly installed
// daemon may be started (invoke-rc.d(8)). The lab starts its own, in its own
// network; the host must not get a Docker engine with iptables rules.
const policyFile = "/usr/sbin/policy-rc.d"

// policy is ours, and known again by its comment after a run that was killed.
var policy = []byte("#!/bin/sh\n# Of the istio-circuit-breaker lab, while it installs packages.\nexit 101\n")

// MissingPackages lists the Debian packages that the lab needs and the machine
// lacks. What another package brought, such as Docker's own, does as well.
func (b Builder) MissingPackages() []string {
	var missing []string
	for _, p := range debianPackages {
		if !p.there(b.Machine) && !slices.Contains(missing, p.name) {
			missing = append(missing, p.name)
		}
	}
	slices.Sort(missing)
	return missing
}

// Outdated says what is there and too old, and is not the lab's to replace.
func (b Builder) Outdated(ctx context.Context) error {
	var problems []error
	for _, p := range debianPackages {
		path := b.Look(p.command)
		if path == "" || p.least == "" {
			continue
		}
		out, err := b.Runner.Run(ctx, runner.Command{Args: []string{path, "--version"}, Log: b.Log})
		if err != nil {
			problems = append(problems, fmt.Errorf("asking %q for its version: %w", path, err))
		} else if have := versionIn(out); !have.atLeast(versionIn(p.least)) {
			problems = append(problems, fmt.Errorf("%q is %s, the lab needs %s or newer", path, have, p.least))
		}
	}
	return errors.Join(problems...)
}

// Debian installs what MissingPackages lists. None of it is started, now or at
// the next boot, and nothing that is there is removed for it.
func (b Builder) Debian(ctx context.Context) (err error) {
	missing := b.MissingPackages()
	if len(missing) == 0 {
		b.Remark("all there")
		return nil
	}
	file := filepath.Join(b.Root, policyFile)
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(file, policy, 0o755); err != nil {
			return fmt.Errorf("keeping daemons from being started: %w", err)
		}
	} // else the machine has a policy of its own, or a killed run has left ours
	defer func() { err = errors.Join(err, b.RemovePolicy()) }()
	if err := b.apt(ctx, false, "update"); err != nil {
		return err
	}
	b.Note("installing " + strings.Join(missing, " "))
	if err := b.install(ctx, missing); err != nil {
		return err
	}
	// A newer Debian has taken some commands out of the package that had them.
	if split := b.split(); len(split) > 0 {
		if err := b.install(ctx, split); err != nil {
			return err
		}
	}
	if left := b.MissingPackages(); len(left) > 0 {
		return errors.New("installing Debian packages: apt-get succeeded, yet what these should hold is not there: " + strings.Join(left, " "))
	}
	b.Remark(strings.Join(missing, " "))
	return b.disable(ctx, missing)
}

// split lists the packages that hold, since a later Debian, what is still missing.
func (b Builder) split() []string {
	var names []string
	for _, p := range debianPackages {
		if p.later != "" && !p.there(b.Machine) {
			names = append(names, p.later)
		}
	}
	return names
}

// disable keeps systemd from starting at the next boot what was installed just
// now. Where there is no systemd, nothing does.
func (b Builder) disable(ctx context.Context, packages []string) error {
	systemctl := b.Look("systemctl")
	var units []string
	for _, p := range debianPackages {
		if slices.Contains(packages, p.name) {
			units = append(units, p.units...)
		}
	}
	if systemctl == "" || len(units) == 0 {
		return nil
	}
	args := append([]string{systemctl, "disable", "--quiet"}, units...)
	if _, err := b.Runner.Run(ctx, runner.Command{Args: args, Log: b.Log}); err != nil {
		return fmt.Errorf("keeping the new daemons from starting at boot: %w", err)
	}
	return nil
}

// RemovePolicy removes our policy file, also one that a killed run has left.
func (m Machine) RemovePolicy() error {
	if !m.PolicyLeft() {
		return nil
	}
	if err := os.Remove(filepath.Join(m.Root, policyFile)); err != nil {
		return fmt.Errorf("removing the policy for new daemons: %w", err)
	}
	return nil
}

// PolicyLeft says whether our policy file is there.
func (m Machine) PolicyLeft() bool {
	content, err := os.ReadFile(filepath.Join(m.Root, policyFile))
	return err == nil && bytes.Equal(content, policy)
}
