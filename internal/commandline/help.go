package commandline

import (
	"fmt"
	"slices"
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
		Args: Takes(0, 1, "at most one command"),
		RunE: func(cmd *cobra.Command, args []string) error {
			about, unknown, _ := cmd.Root().Find(args)
			if len(unknown) > 0 {
				return noCommand(cmd.Root(), unknown[0])
			}
			return about.Help()
		},
	}
}

// group is the annotation of flags that help lists apart, below a title.
const group = "group"

// Group has help list a flag below a title, after the flags of the command itself.
func Group(f *pflag.Flag, title string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[group] = []string{title}
}

// InGroup reports whether a flag, which may be nil, is listed below a title.
func InGroup(f *pflag.Flag, title string) bool {
	return f != nil && slices.Contains(f.Annotations[group], title)
}

// help prints what a command does and takes.
func (p Program) help(cmd *cobra.Command, _ []string) {
	out := cmd.OutOrStdout()
	if !cmd.HasParent() {
		fmt.Fprint(out, p.overview(cmd))
		return
	}
	fmt.Fprintf(out, "usage: %s\n\n%s\n", cmd.UseLine(), strings.TrimSuffix(cmd.Long, "\n"))
	if cmd.Example != "" {
		fmt.Fprintf(out, "\nexamples:\n  %s\n", strings.ReplaceAll(cmd.Example, "\n", "\n  "))
	}
	const own = "flags"
	titles, sets := []string{own}, map[string]*pflag.FlagSet{own: pflag.NewFlagSet(own, pflag.ContinueOnError)}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" { // whoever reads this knows it
			return
		}
		title := own
		if g := f.Annotations[group]; len(g) > 0 {
			title = g[0]
		}
		if sets[title] == nil {
			titles, sets[title] = append(titles, title), pflag.NewFlagSet(title, pflag.ContinueOnError)
		}
		sets[title].AddFlag(f)
	})
	for _, title := range titles {
		if sets[title].HasFlags() {
			fmt.Fprintf(out, "\n%s:\n%s", title, sets[title].FlagUsagesWrapped(helpWidth))
		}
	}
}

// overview is the help of the program itself.
func (p Program) overview(root *cobra.Command) string {
	name := root.DisplayName()
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\nusage: %s COMMAND [flags]\n\n", p.About, name)
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			fmt.Fprintf(&text, "  %-11s %s\n", c.Name(), c.Short)
		}
	}
	fmt.Fprintf(&text, "\nEach command has --help. Results go to stdout, progress to stderr.\n\n%s\n", p.Codes)
	return text.String()
}
