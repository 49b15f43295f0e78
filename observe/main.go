// Command observe explains the rule of a circuit breaker, shows the breaker
// live, and proves that it does what the rule says. It only chooses what to do:
// the work is done in the packages under internal/.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"istio-circuit-breaker/internal/hint"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// Exit codes.
const (
	exitAgrees    = 0 // done; for a proof: every claim is proven
	exitFailed    = 1 // could not be done
	exitUsage     = 2 // wrong usage
	exitDiffers   = 3 // a claim is refuted, or lint found an error
	exitNotProven = 4 // no claim is refuted, and not every one proven
)

var (
	errUsage     = errors.New("usage")
	errDiffers   = errors.New("the breaker does not do what the rule says")
	errNotProven = errors.New("not proven that the breaker does what the rule says")
)

// command is one subcommand.
type command struct {
	name, summary, usage string
	run                  func(ctx context.Context, c *call) error
}

func commands() []command {
	return []command{explainCommand, watchCommand, verifyCommand, compareCommand, replayCommand, reportCommand, lintCommand}
}

func main() {
	// client-go logs lost connections to stderr, over the live view; they are on
	// record as events.
	klog.SetLogger(logr.Discard())
	os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
}

// Main runs a command line and returns its exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := dispatch(ctx, args, stdout, stderr)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitAgrees
	case errors.Is(err, errDiffers), errors.Is(err, errFound): // said by the result itself
		return exitDiffers
	case errors.Is(err, errNotProven):
		return exitNotProven
	}
	fmt.Fprintln(stderr, "observe:", err)
	if way := hint.Of(err); way != "" {
		fmt.Fprintln(stderr, "hint:", way)
	}
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitFailed
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage())
		return fmt.Errorf("%w: no command given", errUsage)
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage())
		return nil
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, newCall(c, args[1:], stdout, stderr))
		}
	}
	return hint.With(fmt.Errorf("%w: no command %q", errUsage, args[0]), "run `observe help`")
}

func usage() string {
	text := `observe explains a circuit breaker's rule, shows the breaker live and proves it.

usage: go run ./observe COMMAND [flags]

`
	for _, c := range commands() {
		text += fmt.Sprintf("  %-8s %s\n", c.name, c.summary)
	}
	return text + `
Each command has --help. Results go to stdout, progress to stderr.

exit codes: 0 done or agrees, 1 could not be done, 2 wrong usage, 3 refuted, 4 not proven
`
}
