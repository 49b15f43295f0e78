package kube

import (
	"context"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// Dates is not read yet.
func (c *Cluster) Dates(context.Context, mesh.Client) ([]mesh.Date, error) { return nil, nil }

// Survey is not made yet.
func (c *Cluster) Survey(context.Context, mesh.Client) ([]timeline.Symptom, error) { return nil, nil }

// Versions are not read yet.
func (c *Cluster) Versions(context.Context, mesh.Client) map[string]string { return nil }
