package main

import (
	"context"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/lab"
	"istio-circuit-breaker/internal/lab/node"

	"github.com/spf13/cobra"
)

func upCommand() *cobra.Command {
	var asked node.Shape
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "bring the lab up",
		Long: `Brings the lab up. What is up already stays, unless its parts have changed: then
it is begun anew. The first time it compiles what it needs, for 15 to 25 minutes.`,
		Example: "go run ./lab up && go run ./lab exec -- pulumi up\ngo run ./lab up --nodes 3 --zones 2",
		Args:    commandline.TakesNone,
	}
	cmd.Flags().IntVar(&asked.Nodes, "nodes", 1, "how many nodes, 9 at most; else those that there are, or one")
	cmd.Flags().IntVar(&asked.Zones, "zones", 0, "how many zones the nodes are in, in turn")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only print what would be run, as a script to be read")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		shape, err := shapeOf(cmd, asked)
		if err != nil {
			return commandline.Wrong(cmd, err)
		}
		return withLab(func(ctx context.Context, l *lab.Lab) error {
			l.Shape = shape
			if dryRun {
				return l.DryRun(ctx, cmd.OutOrStdout())
			}
			return l.Up(ctx)
		})(cmd, args)
	}
	return cmd
}

// shapeOf is the shape that is asked for, the zero one where none is. Nodes that are
// more than one are in one zone at least, as those of clouds are.
func shapeOf(cmd *cobra.Command, asked node.Shape) (node.Shape, error) {
	nodes, zones := cmd.Flags().Changed("nodes"), cmd.Flags().Changed("zones")
	if !nodes && !zones {
		return node.Shape{}, nil
	}
	if asked.Nodes > 1 && !zones {
		asked.Zones = 1
	}
	return asked, asked.Valid()
}

func downCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "down",
		Short:   "take it down: processes, mounts, interfaces, cgroups, files",
		Long:    "Takes the lab down: processes, mounts, interfaces, cgroups and files. What it has built stays in the cache.",
		Example: "go run ./lab down",
		Args:    commandline.TakesNone,
		RunE:    withLab(func(ctx context.Context, l *lab.Lab) error { return l.Down(ctx) }),
	}
}
