package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is where the text of flags is wrapped.
const helpWidth = 100

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:                   "help [COMMAND]",
		DisableFlagsInUseLine: true,
		Short:                 "say what a command does and takes",
		Long:                  "Says what a command does and takes, as its flag --help does.",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []cobra.Completion
			for _, c := range cmd.Root().Commands() {
				if c.IsAvailableCommand() && strings.HasPrefix(c.Name(), typed) {
					names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		Args: takes(0, 1, "at most one command"),
		RunE: func(cmd *cobra.Command, args []string) error {
			about, unknown, _ := cmd.Root().Find(args)
			if len(unknown) > 0 {
				return noCommand(cmd.Root(), unknown[0])
			}
			return about.Help()
		},
	}
}

// help prints what a command does and takes.
func help(cmd *cobra.Command, _ []string) {
	out := cmd.OutOrStdout()
	if !cmd.HasParent() {
		fmt.Fprint(out, overview(cmd))
		return
	}
	fmt.Fprintf(out, "usage: %s\n\n%s\n", cmd.UseLine(), strings.TrimSuffix(cmd.Long, "\n"))
	if cmd.Example != "" {
		fmt.Fprintf(out, "\nexamples:\n  %s\n", strings.ReplaceAll(cmd.Example, "\n", "\n  "))
	}
	own, cluster := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Name == "help": // whoever reads this knows it
		case choosesCluster(f):
			cluster.AddFlag(f)
		default:
			own.AddFlag(f)
		}
	})
	if own.HasFlags() {
		fmt.Fprintf(out, "\nflags:\n%s", own.FlagUsagesWrapped(helpWidth))
	}
	if cluster.HasFlags() {
		fmt.Fprintf(out, "\nflags that choose the cluster, as kubectl takes them:\n%s", cluster.FlagUsagesWrapped(helpWidth))
	}
}

// overview is the help of the program itself.
func overview(root *cobra.Command) string {
	name := root.DisplayName()
	var text strings.Builder
	fmt.Fprintf(&text, "%s explains a circuit breaker's rule, shows the breaker live and proves it.\n\nusage: %s COMMAND [flags]\n\n", name, name)
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			fmt.Fprintf(&text, "  %-11s %s\n", c.Name(), c.Short)
		}
	}
	text.WriteString(`
Each command has --help. Results go to stdout, progress to stderr.

exit codes: 0 done or agrees, 1 could not be done, 2 wrong usage, 3 refuted, 4 not proven
`)
	return text.String()
}
