package parts

import (
	"context"
	"fmt"

	"istio-circuit-breaker/internal/runner"
)

// Planned is a part as Provide, or Envoy, would have it.
type Planned struct {
	Name   string
	Folder string          // in the cache
	Build  *runner.Command // nil where nothing has to be built
}

// Plan lists the parts, and how those that are not in the cache would be built.
// It builds and fetches nothing.
func (b Builder) Plan(ctx context.Context) ([]Planned, error) {
	key, err := b.envoyKey()
	if err != nil {
		return nil, err
	}
	envoy := Planned{Name: "envoy", Folder: b.folder("envoy", key)}
	if !there(envoy.Folder) {
		fetch := b.fetchEnvoy(envoy.Folder)
		envoy.Build = &fetch
	}
	all := []Planned{envoy}
	for _, p := range goParts {
		key, err := b.key(p)
		if err != nil {
			return nil, fmt.Errorf("looking for part %q: %w", p.name, err)
		}
		planned := Planned{Name: p.name, Folder: b.folder(p.name, key)}
		if !there(planned.Folder) && !b.allFitting(ctx, p.name) {
			build := b.build(p, planned.Folder)
			planned.Build = &build
		}
		all = append(all, planned)
	}
	return all, nil
}

// InstallArgs are those of the command that installs Debian packages.
func InstallArgs(packages []string) []string {
	return append(append(append([]string{"apt-get"}, aptOptions...), installArgs...), packages...)
}
