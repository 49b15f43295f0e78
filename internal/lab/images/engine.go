package images

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/runner"
)

// Engine is the lab's Docker engine and registry.
type Engine struct {
	Runner  runner.Runner
	Enter   func(args ...string) []string // puts a command into the lab's network
	Socket  string                        // of the engine
	Config  string                        // folder of the client's configuration, which is not the user's
	Storage string                        // the registry's folder
	Log     io.Writer
}

// Import loads i into the engine.
func (e Engine) Import(ctx context.Context, i Image) error {
	read, write := io.Pipe()
	defer read.Close() // ends the writer, where the engine did not read to the end
	go func() { write.CloseWithError(i.write(ctx, e.Runner, write)) }()
	args := []string{"docker", "import"}
	for _, c := range i.Changes {
		args = append(args, "--change", c)
	}
	if _, err := e.docker(ctx, read, append(args, "-", i.Reference)...); err != nil {
		return fmt.Errorf("importing image %q: %w", i.Reference, err)
	}
	return nil
}

// Push imports i and pushes it, unless the registry holds that tag already, and
// whole. Tags name their content, so what is there is right.
func (e Engine) Push(ctx context.Context, i Image) error {
	r := registry(e.Storage)
	if r.holds(i.Reference) {
		return nil
	}
	if err := r.forget(i.Reference); err != nil {
		return err
	}
	if err := e.Import(ctx, i); err != nil {
		return err
	}
	if _, err := e.docker(ctx, nil, "docker", "push", "--quiet", i.Reference); err != nil {
		return fmt.Errorf("pushing image %q: %w", i.Reference, err)
	}
	// The engine's copy has done its work.
	if _, err := e.docker(ctx, nil, "docker", "image", "rm", i.Reference); err != nil {
		return fmt.Errorf("removing the engine's copy of %q: %w", i.Reference, err)
	}
	return nil
}

// Has says whether the engine holds reference with the given label value.
func (e Engine) Has(ctx context.Context, reference, label, value string) bool {
	out, err := e.docker(ctx, nil, "docker", "image", "inspect", "--format", `{{index .Config.Labels "`+label+`"}}`, reference)
	return err == nil && strings.TrimSpace(out) == value
}

func (e Engine) docker(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	return e.Runner.Run(ctx, runner.Command{
		Args: e.Enter(args...), Env: []string{"DOCKER_HOST=unix://" + e.Socket, "DOCKER_CONFIG=" + e.Config}, Stdin: stdin, Log: e.Log,
	})
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
