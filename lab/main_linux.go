package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"istio-circuit-breaker/internal/commandline"

	"github.com/spf13/cobra"
)

func main() {
	if code, done := asItself(os.Args[1:]); done {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(report(program.Run(ctx, commands(), os.Args[1:], os.Stdout, os.Stderr)))
}

// commands are all that the program does.
func commands() []*cobra.Command {
	return []*cobra.Command{
		upCommand(),
		downCommand(),
		statusCommand(),
		checkCommand(),
		execCommand(),
		nodeCommand(),
		kubeconfigCommand(),
	}
}

var program = commandline.Program{
	File: "lab", Shown: "go run ./lab",
	About: `lab brings up a real Kubernetes cluster with a registry, a Docker engine and
Pulumi on a bare Debian 12 machine, and takes it down again.`,
	Codes: `While the lab is up this machine listens on 127.0.0.1, and nowhere else, for the
API server (6443) and the registry (5000), at other ports where these are taken.

What the lab runs is built once and kept in the user's cache folder
(XDG_CACHE_HOME). Only its state goes away with "down".

exit codes: 0 done, 1 failed, 2 wrong usage; status: 0 all answers, 1 not all
does, 3 no lab runs; exec: those of CMD. "go run" itself makes 1 of 2 and 3.`,
}

var (
	errCheck = errors.New("check") // has been explained to the user already
	errNone  = errors.New("none")  // likewise
)

// report prints err in the one place where errors are printed, and returns the
// exit code: 0 done, 1 failed, 2 wrong usage, 3 no lab runs.
func report(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errCheck):
		return 1
	case errors.Is(err, errNone):
		return 3
	}
	commandline.Report(os.Stderr, program.File, err)
	if errors.Is(err, commandline.ErrUsage) {
		return 2
	}
	return 1
}
