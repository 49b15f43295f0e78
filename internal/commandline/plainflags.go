package commandline

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// plainFlags takes flags as Go's own flag package does, which did it here before:
// a long name may follow a single dash, and a letter two. No line that worked
// with it may be read as something else, as -context would be as -c ontext.
func plainFlags(root *cobra.Command, args []string) []string {
	plain := append([]string{}, args...)
	cmd, _, _ := root.Find(args)
	if cmd.DisableFlagParsing { // they are another command's
		return plain
	}
	cmd.InitDefaultHelpFlag()
	for i := 0; i < len(plain) && plain[i] != "--"; i++ {
		bare := strings.TrimLeft(plain[i], "-")
		if dashes := len(plain[i]) - len(bare); dashes < 1 || dashes > 2 {
			continue
		}
		name, _, inline := strings.Cut(bare, "=")
		var known *pflag.Flag
		dashes := "--"
		if known = cmd.Flags().Lookup(name); known == nil && len(name) == 1 {
			known, dashes = cmd.Flags().ShorthandLookup(name), "-"
		}
		if known == nil {
			continue
		}
		plain[i] = dashes + bare
		if !inline && known.NoOptDefVal == "" {
			i++ // its value, whatever that looks like
		}
	}
	return plain
}
