// Command observe explains the rule of a circuit breaker, shows the breaker
// live, and proves that it does what the rule says. Installed as kubectl-breaker
// it is a plugin of kubectl. It only chooses what to do: the work is done in the
// packages under internal/.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"istio-circuit-breaker/internal/commandline"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
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
	errDiffers   = errors.New("the breaker does not do what the rule says")
	errNotProven = errors.New("not proven that the breaker does what the rule says")
)

// commands are all that the program does.
func commands(c *call) []*cobra.Command {
	return []*cobra.Command{
		explainCommand(c),
		watchCommand(c),
		exportCommand(c),
		verifyCommand(c),
		tryCommand(c),
		compareCommand(c),
		replayCommand(c),
		reportCommand(c),
		lintCommand(c),
		versionCommand(c),
	}
}

func main() {
	// client-go logs lost connections to stderr, over the live view; they are on
	// record as events.
	klog.SetLogger(logr.Discard())
	os.Exit(Main(os.Args, os.Stdout, os.Stderr))
}

// Main runs a command line, which begins with the program's name, and returns its
// exit code.
func Main(argv []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills, whatever the first one ends
	p, args := invoked(argv)
	err := newCall(p, stdout, stderr).run(ctx, args)
	switch {
	case err == nil:
		return exitAgrees
	case errors.Is(err, errDiffers), errors.Is(err, errFound): // said by the result itself
		return exitDiffers
	case errors.Is(err, errNotProven):
		return exitNotProven
	}
	commandline.Report(stderr, p.Shown, err)
	if errors.Is(err, commandline.ErrUsage) {
		return exitUsage
	}
	return exitFailed
}
