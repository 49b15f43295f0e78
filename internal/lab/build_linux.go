package lab

import (
	"context"
	"fmt"
	"os"

	"istio-circuit-breaker/internal/lab/parts"
	"istio-circuit-breaker/internal/runner"
)

func (l *Lab) builder() parts.Builder {
	return parts.Builder{
		Machine: l.Machine, Source: l.Source, Cache: l.Layout.parts(), Runner: l.Runner,
		Note: l.Progress.Note, Remark: l.Progress.Remark, Log: l.log,
	}
}

func (l *Lab) installDebian(ctx context.Context) error { return l.builder().Debian(ctx) }

func (l *Lab) fetchEnvoy(ctx context.Context) error {
	folder, err := l.builder().Envoy(ctx)
	l.folders["envoy"] = folder
	return err
}

// build is the step that provides the named part and its commands.
func build(part string) func(*Lab, context.Context) error {
	return func(l *Lab, ctx context.Context) error {
		folder, err := l.builder().Provide(ctx, part, l.bin())
		l.folders[part] = folder
		return err
	}
}

// compileProgram compiles what is run inside the lab, where there is no way
// out to fetch modules; with it the first `pulumi up` only has to link.
func (l *Lab) compileProgram(ctx context.Context) error {
	for _, dir := range []string{"./infra", "./observe"} {
		l.Progress.Note(dir)
		c := runner.Command{Args: []string{"go", "build", "-o", os.DevNull, dir}, Dir: l.Source, Log: l.log}
		if _, err := l.Runner.Run(ctx, c); err != nil {
			return fmt.Errorf("compiling %q: %w", dir, err)
		}
	}
	return nil
}
