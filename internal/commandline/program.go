package commandline

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Program is one that has commands.
type Program struct {
	File  string // what shells find it as
	Shown string // what its user types, which may be several words
	About string // what it does, at the beginning of its help
	Codes string // its exit codes and whatever else holds for all commands, at the end of it
}

// Run runs a command line, without the program's name. Errors are returned, not
// printed; those of usage are ErrUsage.
func (p Program) Run(ctx context.Context, commands []*cobra.Command, args []string, stdout, stderr io.Writer) error {
	cobra.EnableCommandSorting = false // help lists them in the order of their use
	root := p.root(commands)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(plainFlags(root, args))
	return root.ExecuteContext(ctx)
}

// root is the program without a command: it has help, and nothing to run.
func (p Program) root(commands []*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:         p.File,
		Long:        p.About,
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: p.Shown},
		Args: func(root *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noCommand(root, args[0])
			}
			return nil
		},
		RunE: func(root *cobra.Command, _ []string) error {
			fmt.Fprint(root.ErrOrStderr(), p.overview(root))
			return fmt.Errorf("%w: no command given", ErrUsage)
		},
		SilenceErrors: true, // the caller prints them, with their hints
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2, // letters
	}
	root.SetHelpFunc(p.help)
	root.SetHelpCommand(helpCommand())
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(commands...)
	root.AddCommand(p.completionCommand())
	return root
}
