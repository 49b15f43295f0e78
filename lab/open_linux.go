package main

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"istio-circuit-breaker/internal/lab"
	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/runner"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// withLab runs a command that does something with the lab of this machine.
func withLab(do func(context.Context, *lab.Lab) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		l, err := open()
		if err != nil {
			return err
		}
		syscall.Umask(umask)
		return do(cmd.Context(), l)
	}
}

// umask is that of all that the lab writes: what is built under another one may
// be run by users who could not read it.
const umask = 0o022

// open finds the lab of this machine.
func open() (*lab.Lab, error) {
	layout, err := lab.DefaultLayout()
	if err != nil {
		return nil, err
	}
	// For the commands that are run below, too. In a shell of the lab its own
	// commands come first, which are not this machine's.
	path := parts.SystemPath(layout.PathWithout(os.Getenv("PATH")))
	if err := os.Setenv("PATH", path); err != nil {
		return nil, fmt.Errorf("setting PATH: %w", err)
	}
	machine := parts.Machine{Path: path, PulumiHome: parts.PulumiHome()}
	progress := &lab.Progress{Out: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())), Width: func() int {
		width, _, err := term.GetSize(int(os.Stderr.Fd()))
		if err != nil {
			return 0
		}
		return width
	}}
	return lab.New(layout, machine, runner.Exec{}, progress), nil
}
