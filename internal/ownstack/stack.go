package ownstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"
)

// Stack is one that is made and taken away here.
type Stack struct {
	Name string
	Dir  string // of Pulumi.yaml
	// Settings by their full keys.
	Settings map[string]string
	Runner   runner.Runner
	// Say tells progress, one line each.
	Say func(line string)

	made     bool
	selected string // what was selected before
}

// Up makes the stack and brings it up. Whatever comes of that, Down takes away what
// there is of it.
func (s *Stack) Up(ctx context.Context) error {
	// Fails where none is selected.
	selected, _ := s.pulumi(ctx, nil, "stack", "--show-name")
	s.selected = strings.TrimSpace(selected)
	s.Say(fmt.Sprintf("Making the stack %q.", s.Name))
	if _, err := s.pulumi(ctx, nil, "stack", "init", s.Name, "--no-select"); err != nil {
		s.made = ctx.Err() != nil // perhaps: it was interrupted
		return s.failed("making", err)
	}
	s.made = true
	args := []string{"config", "set-all", "--stack", s.Name}
	for _, key := range slices.Sorted(maps.Keys(s.Settings)) {
		args = append(args, "--plaintext", key+"="+s.Settings[key])
	}
	if _, err := s.pulumi(ctx, nil, args...); err != nil {
		return s.failed("configuring", err)
	}
	s.Say(fmt.Sprintf("Bringing up the stack %q.", s.Name))
	if err := s.shown(ctx, "up", "--stack", s.Name, "--yes", "--skip-preview", "--color=never"); err != nil {
		return s.failed("bringing up", err)
	}
	return nil
}

// Down destroys what the stack has made, and removes the stack. It does nothing
// where none was made.
func (s *Stack) Down(ctx context.Context, interrupted bool) error {
	if !s.made {
		return nil
	}
	s.Say(fmt.Sprintf("Taking away the stack %q; another Ctrl-C leaves what is left of it.", s.Name))
	if interrupted {
		// Its lock, where the run was killed; mostly there is none.
		_, _ = s.pulumi(ctx, nil, "cancel", s.Name, "--yes")
	}
	err := s.shown(ctx, "destroy", "--stack", s.Name, "--yes", "--skip-preview", "--color=never")
	if err == nil {
		_, err = s.pulumi(ctx, nil, "stack", "rm", s.Name, "--yes")
	}
	if err != nil {
		return hint.With(s.failed("taking away", err), "run `"+s.Removal()+"`")
	}
	s.made = false
	if s.selected == "" {
		return nil
	}
	// Removing any stack leaves none selected.
	if _, err := s.pulumi(ctx, nil, "stack", "select", s.selected); err != nil {
		return hint.With(s.failed("selecting what was selected before", err), "run `pulumi stack select "+s.selected+"`")
	}
	return nil
}

// Removal is the command that takes the stack away.
func (s *Stack) Removal() string {
	with := strings.Join(append(passphrase(), "pulumi"), " ")
	return fmt.Sprintf("%s destroy --stack %s --yes && pulumi stack rm %s --yes", with, s.Name, s.Name)
}

// failed is an error of a step, with what pulumi said last.
func (s *Stack) failed(step string, err error) error {
	failed := fmt.Errorf("%s the stack %q: %w", step, s.Name, err)
	said, is := errors.AsType[*runner.Error](err)
	if !is {
		return failed
	}
	if errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "executable file not found") {
		return hint.With(failed, "install Pulumi (https://www.pulumi.com/docs/install), or use the lab: `go run ./lab up`, and `go run ./lab exec --` before the command")
	}
	if text := strings.TrimSpace(said.Output); text != "" {
		failed = fmt.Errorf("%w\n%s", failed, text)
	}
	if strings.Contains(said.Output, "already exists") && !s.made {
		return hint.With(failed, "it is left of another try: run `"+s.Removal()+"`, or take another name with --stack")
	}
	return failed
}
