package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/kube"

	"golang.org/x/term"
)

// call is one run of a subcommand: its flags and where it writes.
type call struct {
	*flag.FlagSet
	command        command
	args           []string
	stdout, stderr io.Writer
	// display finds out whether a writer is a terminal that can be drawn on.
	display func(io.Writer) (display, bool)
}

func newCall(c command, args []string, stdout, stderr io.Writer) *call {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are printed by Main
	return &call{FlagSet: flags, command: c, args: args, stdout: stdout, stderr: stderr, display: displayOf}
}

// parse reads the flags and expects the given number of arguments after them;
// flags may also stand behind an argument.
func (c *call) parse(want int, names string) ([]string, error) {
	return c.parseBetween(want, want, names)
}

// parseUpTo is parse with at most that number of arguments.
func (c *call) parseUpTo(most int, names string) ([]string, error) {
	return c.parseBetween(0, most, names)
}

func (c *call) parseBetween(least, most int, names string) ([]string, error) {
	c.Usage = func() {}
	var rest []string
	for args := c.args; ; {
		err := c.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(c.stdout, c.command.usage, "\nflags:\n")
			c.SetOutput(c.stdout)
			c.PrintDefaults()
			return nil, err
		}
		if err != nil {
			return nil, c.wrong(err)
		}
		if c.NArg() == 0 {
			break
		}
		rest, args = append(rest, c.Arg(0)), c.Args()[1:]
	}
	if len(rest) < least || len(rest) > most {
		if most == 0 {
			return nil, c.wrong(fmt.Errorf("takes no arguments, got %q", rest))
		}
		return nil, c.wrong(fmt.Errorf("takes %s, got %q", names, rest))
	}
	return rest, nil
}

// wrong is a usage error.
func (c *call) wrong(err error) error {
	return hint.With(fmt.Errorf("%w of %s: %w", errUsage, c.command.name, err), "run `observe "+c.command.name+" --help`")
}

// say writes a line of progress.
func (c *call) say(line string) { fmt.Fprintln(c.stderr, line) }

// terminal reports whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// clusterFlags choose the cluster.
func (c *call) clusterFlags() *kube.Options {
	o := &kube.Options{}
	c.StringVar(&o.Kubeconfig, "kubeconfig", "", "`file` with the cluster's access (default: KUBECONFIG, then ~/.kube/config)")
	c.StringVar(&o.Context, "context", "", "`name` of the context in it (default: the current one)")
	c.StringVar(&o.Namespace, "namespace", mesh.Namespace, "`name` of the stack's namespace")
	return o
}

// loadFlags say how requests are sent.
func (c *call) loadFlags(rate float64) *mesh.Load {
	l := &mesh.Load{}
	c.Float64Var(&l.Rate, "rate", rate, "`requests` a second over all workers; 0 sends as fast as answers come")
	c.IntVar(&l.Concurrency, "concurrency", 1, "`workers`: requests that may be under way at once")
	c.DurationVar(&l.Timeout, "timeout", 30*time.Second, "`limit` of one request; keep it above the fault's delay")
	return l
}

// checkLoad refuses what cannot be sent, all at once.
func checkLoad(l *mesh.Load) error {
	var errs []error
	for _, problem := range l.Problems() {
		errs = append(errs, errors.New("--"+problem))
	}
	return errors.Join(errs...)
}

// limited is ctx with an end after d; 0 is no end.
func limited(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
