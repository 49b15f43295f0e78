package main

import (
	"errors"
	"time"

	"istio-circuit-breaker/internal/mesh"

	"github.com/spf13/cobra"
)

// loadFlags say how requests are sent.
func loadFlags(cmd *cobra.Command, rate float64) *mesh.Load {
	l, flags := &mesh.Load{}, cmd.Flags()
	flags.Float64Var(&l.Rate, "rate", rate, "`requests` a second over all workers; 0 sends as fast as answers come")
	flags.IntVar(&l.Concurrency, "concurrency", 1, "`workers`: requests that may be under way at once")
	flags.DurationVar(&l.Timeout, "timeout", 30*time.Second, "`limit` of one request; keep it above the fault's delay")
	return l
}

// checkLoad refuses what cannot be sent, all at once.
func checkLoad(l *mesh.Load) error {
	var errs []error
	for _, problem := range l.Problems() {
		errs = append(errs, errors.New("--"+problem))
	}
	return errors.Join(errs...)
}
