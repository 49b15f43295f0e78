package commandline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func (p Program) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:                   "completion " + strings.Join(shells, "|"),
		DisableFlagsInUseLine: true,
		Short:                 "print a script that has your shell complete commands, flags and names",
		Long: `Prints a script for a shell, which completes commands, flags and their values.
The shell asks ` + p.File + ` for them, which has to be on the PATH; bash needs
the package bash-completion, too.`,
		Example:   fmt.Sprintf("source <(%[1]s completion bash)                # also for zsh\n%[1]s completion fish | source\n%[1]s completion powershell | Out-String | Invoke-Expression", p.File),
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return Wrong(cmd, fmt.Errorf("takes one of %s, got %q", strings.Join(shells, ", "), args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(cmd.OutOrStdout(), true)
			case "zsh":
				return root.GenZshCompletion(cmd.OutOrStdout())
			case "fish":
				return root.GenFishCompletion(cmd.OutOrStdout(), true)
			default:
				return root.GenPowerShellCompletionWithDesc(cmd.OutOrStdout())
			}
		},
	}
}
