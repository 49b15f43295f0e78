package lab

import (
	"context"

	"istio-circuit-breaker/internal/lab/parts"
)

func (l *Lab) builder() parts.Builder {
	return parts.Builder{
		Machine: l.Machine, Source: l.Source, Cache: l.Layout.parts(), Memory: l.memory(), Runner: l.Runner,
		Note: l.Progress.Note, Remark: l.Progress.Remark, Log: l.log, Work: l.work,
	}
}

func (l *Lab) installDebian(ctx context.Context) error { return l.builder().Debian(ctx) }

func (l *Lab) fetchEnvoy(ctx context.Context) error {
	folder, err := l.builder().Envoy(ctx)
	l.folders["envoy"] = folder
	return err
}

func (l *Lab) fetchModules(ctx context.Context) error { return l.builder().FetchModules(ctx) }

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
func (l *Lab) compileProgram(ctx context.Context) error { return l.builder().Program(ctx) }
