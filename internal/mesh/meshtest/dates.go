package meshtest

import (
	"context"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// Dates is not read yet.
func (s *Sim) Dates(context.Context, mesh.Client) ([]mesh.Date, error) { return nil, nil }

// Survey is not made yet.
func (s *Sim) Survey(context.Context, mesh.Client) ([]timeline.Symptom, error) { return nil, nil }

// Versions are not read yet.
func (s *Sim) Versions(context.Context, mesh.Client) map[string]string { return nil }
