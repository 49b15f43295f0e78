package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/runner"
)

// fakeRunner answers every command, unless told otherwise for those whose line
// has a text in it.
type fakeRunner struct {
	answers map[string]func(runner.Command) (string, error)
	asked   []runner.Command
}

func (f *fakeRunner) Run(ctx context.Context, c runner.Command) (string, error) {
	f.asked = append(f.asked, c)
	line := runner.Quote(c.Args)
	longest := ""
	for text := range f.answers {
		if strings.Contains(line, text) && len(text) > len(longest) {
			longest = text
		}
	}
	if longest == "" {
		return "", ctx.Err()
	}
	out, err := f.answers[longest](c)
	if c.Log != nil {
		fmt.Fprint(c.Log, out)
	}
	return out, err
}

func says(out string) func(runner.Command) (string, error) {
	return func(runner.Command) (string, error) { return out, nil }
}

// fails is how a command ends that has printed two lines.
func fails(runner.Command) (string, error) {
	return "", &runner.Error{Args: []string{"the", "command"}, Output: "first line\nlast line", Cause: errors.New("exit status 3")}
}
