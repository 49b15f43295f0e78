package commandline

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/spelling"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ErrUsage is a command line that is wrong.
var ErrUsage = errors.New("usage")

// Report prints an error under a program's name and, on a line of its own, its hint.
func Report(w io.Writer, program string, err error) {
	fmt.Fprintf(w, "%s: %v\n", program, err)
	if way := hint.Of(err); way != "" {
		fmt.Fprintln(w, "hint:", way)
	}
}

// Wrong is a usage error of a command.
func Wrong(cmd *cobra.Command, err error) error {
	return hint.With(fmt.Errorf("%w of %s: %w", ErrUsage, cmd.Name(), err), "run `"+cmd.CommandPath()+" --help`")
}

// Takes expects so many arguments, and says what they are.
func Takes(least, most int, names string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case least <= len(args) && len(args) <= most:
			return nil
		case most == 0:
			return Wrong(cmd, fmt.Errorf("takes no arguments, got %q", args))
		default:
			return Wrong(cmd, fmt.Errorf("takes %s, got %q", names, args))
		}
	}
}

// TakesNone expects no arguments.
func TakesNone(cmd *cobra.Command, args []string) error { return Takes(0, 0, "")(cmd, args) }

// noCommand is that there is none of that name.
func noCommand(root *cobra.Command, name string) error {
	way := "run `" + root.DisplayName() + " help`"
	if near := root.SuggestionsFor(name); len(near) > 0 {
		way = fmt.Sprintf("did you mean `%s %s`? If not, %s", root.DisplayName(), strings.Join(near, "` or `"+root.DisplayName()+" "), way)
	}
	return hint.With(fmt.Errorf("%w: no command %q", ErrUsage, name), way)
}

// wrongFlag is the error of a command line's flags.
func wrongFlag(cmd *cobra.Command, err error) error {
	if !cmd.HasParent() && cmd.Flags().NArg() > 0 { // flags of a command that is none
		return noCommand(cmd, cmd.Flags().Arg(0))
	}
	if value, is := errors.AsType[*pflag.InvalidValueError](err); is {
		err = badValue(value)
	}
	usage := Wrong(cmd, err)
	missing, is := errors.AsType[*pflag.NotExistError](err)
	if !is {
		return usage
	}
	name := missing.GetSpecifiedName()
	if short := missing.GetSpecifiedShortnames(); short != "" {
		name, _, _ = strings.Cut(short, "=") // a long name after one dash
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := spelling.Nearest(name, known); near != "" {
		return hint.With(usage, fmt.Sprintf("did you mean --%s? If not, %s", near, hint.Of(usage)))
	}
	return usage
}

// badValue is that a flag does not take a value, in words of this program.
func badValue(err *pflag.InvalidValueError) error {
	flag := err.GetFlag()
	wants := map[string]string{"bool": "true or false, or none", "int": "a whole number", "int32": "a whole number", "int64": "a whole number", "uint": "a whole number that is not negative",
		"float64": "a number", "duration": "a duration such as 30s"}[flag.Value.Type()]
	if wants == "" {
		return err
	}
	return fmt.Errorf("--%s %s: takes %s", flag.Name, err.GetValue(), wants)
}
