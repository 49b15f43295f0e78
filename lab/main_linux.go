package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/term"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab"
	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/lab/reach"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
)

func main() {
	// What the lab starts itself as, in namespaces of their own. The sandbox's
	// first process sets up its own signals.
	if len(os.Args) == 3 && os.Args[1] == lab.SuperviseCommand {
		os.Exit(report(sandbox.Supervise(os.Args[2])))
	}
	if len(os.Args) > 2 && os.Args[1] == lab.ProbeCommand {
		for _, lacks := range sandbox.Probe(os.Args[2:]...) {
			fmt.Println(lacks)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case lab.RelayCommand:
			os.Exit(report(reach.Inherited(ctx, os.Args[2:], slog.Default())))
		case lab.FollowCommand:
			signal.Ignore(syscall.SIGPIPE) // the command's stderr may be gone; its ports are not
			os.Exit(report(lab.Follow(ctx, os.Args[2:])))
		}
	}
	os.Exit(report(run(ctx, os.Args[1:], os.Stdout, os.Stderr)))
}

var (
	errUsage = errors.New("usage") // has been explained to the user already
	errCheck = errors.New("check") // likewise
	errNone  = errors.New("none")  // likewise
)

// report prints err in the one place where errors are printed, and returns the
// exit code: 0 done, 1 failed, 2 wrong usage, 3 no lab runs.
func report(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.Is(err, errCheck):
		return 1
	case errors.Is(err, errNone):
		return 3
	}
	fmt.Fprintf(os.Stderr, "lab: %v\n", err)
	if h := hint.Of(err); h != "" {
		fmt.Fprintf(os.Stderr, "hint: %s\n", h)
	}
	return 1
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		fmt.Fprint(stdout, usage)
		return nil
	}
	command, rest := args[0], args[1:]
	asJSON := false
	var up upFlags
	var do func(*lab.Lab, context.Context, string) error // of `node`
	switch command {
	case "node":
		var err error
		if do, err = nodeCommand(rest, stdout, stderr); do == nil {
			return err
		}
	case "up":
		var err error
		if up, err = parseUp(rest); errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			return nil
		} else if err != nil {
			fmt.Fprintf(stderr, "lab: %v\n\n%s", err, usage)
			return errUsage
		}
	case "exec":
		if len(rest) > 0 && rest[0] == "--" {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			fmt.Fprint(stderr, "lab: exec needs a command, as in: go run ./lab exec -- kubectl get pods -A\n")
			return errUsage
		}
	case "down", "check", "status", "kubeconfig":
		flags := flag.NewFlagSet("lab "+command, flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		if command == "check" || command == "status" {
			flags.BoolVar(&asJSON, "json", false, "print JSON")
		}
		if err := flags.Parse(rest); errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			return nil
		} else if err != nil || flags.NArg() > 0 {
			fmt.Fprintf(stderr, "lab: %s does not take %q\n\n%s", command, rest, usage)
			return errUsage
		}
	default:
		fmt.Fprintf(stderr, "lab: there is no command %q\n\n%s", command, usage)
		return errUsage
	}
	l, err := open(stderr)
	if err != nil {
		return err
	}
	if command != "exec" { // whose command is the user's own
		syscall.Umask(umask)
	}
	switch command {
	case "up":
		l.Shape = up.shape
		if up.dryRun {
			return l.DryRun(ctx, stdout)
		}
		return l.Up(ctx)
	case "node":
		return do(l, ctx, rest[1])
	case "down":
		return l.Down(ctx)
	case "exec":
		return l.Exec(rest)
	case "check":
		return check(ctx, l, asJSON, stdout)
	case "kubeconfig":
		text, err := l.HostKubeconfig()
		fmt.Fprint(stdout, text)
		return err
	}
	return status(ctx, l, asJSON, stdout)
}

// umask is that of all that the lab writes: what is built under another one may
// be run by users who could not read it.
const umask = 0o022

// open finds the lab of this machine.
func open(stderr io.Writer) (*lab.Lab, error) {
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
	progress := &lab.Progress{Out: stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())), Width: func() int {
		width, _, err := term.GetSize(int(os.Stderr.Fd()))
		if err != nil {
			return 0
		}
		return width
	}}
	return lab.New(layout, machine, runner.Exec{}, progress), nil
}

func check(ctx context.Context, l *lab.Lab, asJSON bool, stdout io.Writer) error {
	findings := l.Check(ctx)
	if asJSON {
		if err := writeJSON(stdout, findings); err != nil {
			return err
		}
	} else {
		lab.WriteFindings(stdout, findings)
	}
	if lab.Missing(findings) != nil {
		return errCheck
	}
	return nil
}

func status(ctx context.Context, l *lab.Lab, asJSON bool, stdout io.Writer) error {
	status, err := l.Status(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		err = writeJSON(stdout, status)
	} else {
		err = status.Write(stdout)
	}
	switch {
	case err != nil:
		return err
	case !status.Running:
		return errNone
	case !status.Works():
		return errCheck
	}
	return nil
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}
