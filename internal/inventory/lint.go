package inventory

import (
	"errors"
	"fmt"

	"istio-circuit-breaker/internal/lint"
)

// Lint judges the rules of the scope, and the mesh's own policy where it is in it.
func (i *Inventory) Lint(o lint.Options) (lint.Report, error) {
	o.Mesh, o.Live = i.Mesh.Mesh, i
	linter := lint.New(o)
	var errs []error
	for _, text := range i.Beside {
		errs = append(errs, linter.AddObject(text, false))
	}
	for _, s := range i.Services {
		linter.AddService(s.Namespace, s.Name)
	}
	for _, rule := range i.Rules {
		errs = append(errs, linter.AddObject(rule.JSON, !i.Judged(rule)))
	}
	if i.Scope.has(i.Mesh.Namespace) && len(i.Mesh.Text) > 0 {
		errs = append(errs, linter.AddMesh(i.Mesh.Namespace, i.Mesh.Name, i.Mesh.Text))
	}
	linter.Read(i.Scope.String(), i.Unread)
	if err := errors.Join(errs...); err != nil {
		return lint.Report{}, fmt.Errorf("reading objects of the cluster: %w", err)
	}
	return linter.Report(), nil
}
