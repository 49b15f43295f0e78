package main

import (
	"context"
	"errors"
	"fmt"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/lab"

	"github.com/spf13/cobra"
)

func execCommand() *cobra.Command {
	return &cobra.Command{
		Use:                   "exec -- CMD ...",
		DisableFlagsInUseLine: true,
		Short:                 "run a command in the lab",
		Long: `Runs CMD with the lab's network, KUBECONFIG, Docker engine, Pulumi backend and
PATH. What it listens on is open on this machine too, on 127.0.0.1: at the same
port, or else at another one, which is said then.`,
		Example:            "go run ./lab exec -- kubectl get pods -A\ngo run ./lab exec -- go run ./observe watch --web",
		DisableFlagParsing: true, // all are CMD's
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && (args[0] == "-h" || args[0] == "--help" || args[0] == "-help") {
				return cmd.Help()
			}
			if len(args) > 0 && args[0] == "--" {
				args = args[1:]
			}
			if len(args) == 0 {
				return commandline.Wrong(cmd, errors.New("takes a command, as in: go run ./lab exec -- kubectl get pods -A"))
			}
			l, err := open() // and leaves the umask as it is, which is the user's own
			if err != nil {
				return err
			}
			return l.Exec(args)
		},
	}
}

func kubeconfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "kubeconfig",
		Short:   "print a kubeconfig for commands outside of the lab",
		Long:    "Prints a kubeconfig with which commands outside of the lab reach its API server.",
		Example: "go run ./lab kubeconfig > lab.kubeconfig\nkubectl --kubeconfig lab.kubeconfig get pods --all-namespaces",
		Args:    commandline.TakesNone,
	}
	cmd.RunE = withLab(func(_ context.Context, l *lab.Lab) error {
		text, err := l.HostKubeconfig()
		fmt.Fprint(cmd.OutOrStdout(), text)
		return err
	})
	return cmd
}
