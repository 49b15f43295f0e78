package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func completionCommand(c *call) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:                   "completion " + strings.Join(shells, "|"),
		DisableFlagsInUseLine: true,
		Short:                 "print a script that has your shell complete commands, flags and names",
		Long: `Prints a script for a shell, which completes commands, flags, and their values:
contexts of the kubeconfig, namespaces of the cluster, phases of a proof,
recordings. The shell asks ` + c.file + ` for them, which has to be on the PATH;
bash needs the package bash-completion, too.`,
		Example:   fmt.Sprintf("source <(%[1]s completion bash)                # also for zsh\n%[1]s completion fish | source\n%[1]s completion powershell | Out-String | Invoke-Expression", c.file),
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return wrong(cmd, fmt.Errorf("takes one of %s, got %q", strings.Join(shells, ", "), args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(c.stdout, true)
			case "zsh":
				return root.GenZshCompletion(c.stdout)
			case "fish":
				return root.GenFishCompletion(c.stdout, true)
			default:
				return root.GenPowerShellCompletionWithDesc(c.stdout)
			}
		},
	}
}
