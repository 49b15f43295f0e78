package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"istio-circuit-breaker/internal/lab"
	"istio-circuit-breaker/internal/lab/node"
)

// upFlags are those of `lab up`.
type upFlags struct {
	shape  node.Shape // the zero one where none is asked for
	dryRun bool
}

// parseUp reads them. Nodes that are more than one are in one zone at least, as
// those of clouds are.
func parseUp(args []string) (upFlags, error) {
	var f upFlags
	asked := &f.shape
	flags := flag.NewFlagSet("lab up", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&asked.Nodes, "nodes", 1, "")
	flags.IntVar(&asked.Zones, "zones", 0, "")
	flags.BoolVar(&f.dryRun, "dry-run", false, "")
	if err := flags.Parse(args); err != nil {
		return f, fmt.Errorf("up: %w", err)
	}
	if flags.NArg() > 0 {
		return f, fmt.Errorf("up does not take %q", flags.Args())
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["nodes"] && !given["zones"] {
		f.shape = node.Shape{}
		return f, nil
	}
	if asked.Nodes > 1 && !given["zones"] {
		asked.Zones = 1
	}
	if err := asked.Valid(); err != nil {
		return f, fmt.Errorf("up: %w", err)
	}
	return f, nil
}

// nodeCommand is what `lab node` is to do with the node that it names. There is
// nothing to do where it is nil: the error says why.
func nodeCommand(args []string, stdout, stderr io.Writer) (func(*lab.Lab, context.Context, string) error, error) {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprint(stdout, usage)
		return nil, nil
	}
	if len(args) == 2 {
		switch args[0] {
		case "kill":
			return (*lab.Lab).KillNode, nil
		case "start":
			return (*lab.Lab).StartNode, nil
		}
	}
	fmt.Fprintf(stderr, "lab: node takes what to do, kill or start, and the node's name, as in: go run ./lab node kill %s-2\n", node.Name)
	return nil, errUsage
}
