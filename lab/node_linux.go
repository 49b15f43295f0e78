package main

import (
	"context"
	"fmt"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/lab"
	"istio-circuit-breaker/internal/lab/node"

	"github.com/spf13/cobra"
)

// nodeActions are what can be done with a node, by what the user types.
var nodeActions = map[string]func(*lab.Lab, context.Context, string) error{
	"kill":  (*lab.Lab).KillNode,
	"start": (*lab.Lab).StartNode,
}

func nodeCommand() *cobra.Command {
	return &cobra.Command{
		Use:                   "node kill|start NAME",
		DisableFlagsInUseLine: true,
		Short:                 "take a node away, or start it again",
		Long: `Takes a node away, as a loss of power does, or starts it again and waits until it
is Ready.`,
		Example:   "go run ./lab node kill " + node.Name + "-2\ngo run ./lab node start " + node.Name + "-2",
		ValidArgs: []string{"kill", "start"},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || nodeActions[args[0]] == nil {
				return commandline.Wrong(cmd, fmt.Errorf("takes what to do, kill or start, and the node's name, as in: go run ./lab node kill %s-2", node.Name))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return withLab(func(ctx context.Context, l *lab.Lab) error { return nodeActions[args[0]](l, ctx, args[1]) })(cmd, args)
		},
	}
}
