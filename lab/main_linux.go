package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
)

func main() {
	// The sandbox's first process sets up its own signals.
	if len(os.Args) == 3 && os.Args[1] == lab.SuperviseCommand {
		os.Exit(report(sandbox.Supervise(os.Args[2])))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(report(run(ctx, os.Args[1:], os.Stdout, os.Stderr)))
}

// errUsage has been explained to the user already.
var errUsage = errors.New("usage")

// report prints err in the one place where errors are printed, and returns the
// exit code: 0 done, 1 failed, 2 wrong usage.
func report(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	fmt.Fprintf(os.Stderr, "lab: %v\n", err)
	if h := hint.Of(err); h != "" {
		fmt.Fprintf(os.Stderr, "hint: %s\n", h)
	}
	return 1
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(stdout, usage)
		return nil
	}
	layout, err := lab.DefaultLayout()
	if err != nil {
		return err
	}
	l := &lab.Lab{
		Layout:   layout,
		Runner:   runner.Exec{},
		Progress: &lab.Progress{Out: stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd()))},
	}
	command, rest := args[0], args[1:]
	if command == "exec" {
		return execute(l, rest, stderr)
	}
	flags := flag.NewFlagSet("lab "+command, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(rest); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil || flags.NArg() > 0 {
		fmt.Fprintf(stderr, "lab: %s takes no arguments but --json, got %q\n", command, rest)
		return errUsage
	}
	switch command {
	case "up":
		return l.Up(ctx)
	case "down":
		return l.Down(ctx)
	case "check":
		return l.Check(ctx, stdout)
	case "status":
		status, err := l.Status(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(stdout).Encode(status)
		}
		return status.Write(stdout)
	}
	fmt.Fprintf(stderr, "lab: there is no command %q\n\n%s", command, usage)
	return errUsage
}

func execute(l *lab.Lab, args []string, stderr io.Writer) error {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprint(stderr, "lab: exec needs a command, as in: go run ./lab exec -- kubectl get pods -A\n")
		return errUsage
	}
	return l.Exec(args)
}
