package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// rootCommand is the program without a command: it has help, and nothing to run.
func rootCommand(c *call) *cobra.Command {
	root := &cobra.Command{
		Use:         c.file,
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: c.shown},
		Args: func(root *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noCommand(root, args[0])
			}
			return nil
		},
		RunE: func(root *cobra.Command, _ []string) error {
			fmt.Fprint(c.stderr, overview(root))
			return fmt.Errorf("%w: no command given", errUsage)
		},
		SilenceErrors: true, // Main prints them, with their hints
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2, // letters
	}
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetHelpFunc(help)
	root.SetHelpCommand(helpCommand())
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(commands(c)...)
	return root
}
