package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/inventory"
	"istio-circuit-breaker/internal/lint"
	"istio-circuit-breaker/internal/mesh/kube"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// inventoryLimit bounds reading a cluster as a whole; of many objects there are many pages.
const inventoryLimit = 5 * time.Minute

// needs refuses flags that go with another one only: those named, and those that
// choose the cluster.
func needs(cmd *cobra.Command, with string, names ...string) error {
	var errs []error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		named := commandline.InGroup(f, clusterGroup) && f.Name != "namespace"
		for _, name := range names {
			named = named || f.Name == name
		}
		if named {
			errs = append(errs, fmt.Errorf("--%s: needs %s", f.Name, with))
		}
	})
	return errors.Join(errs...)
}

// ofCluster judges the rules of a cluster. What may not be read is progress, and
// no failure, where something was.
func (l *linting) ofCluster() (report lint.Report, unread, err error) {
	config, namespace, err := kube.Foreign(l.cluster)
	if err != nil {
		return report, nil, err
	}
	client, err := inventory.Connect(config)
	if err != nil {
		return report, nil, err
	}
	ctx, stop := context.WithTimeout(l.cmd.Context(), inventoryLimit)
	defer stop()
	found, err := inventory.Read(ctx, client, inventory.Scope{Namespace: namespace, All: l.all})
	if err != nil {
		return report, nil, fmt.Errorf("reading the cluster: %w", err)
	}
	report, err = found.Lint(lint.Options{Pods: l.pods})
	for _, text := range report.Unread {
		l.say("not known: " + text)
	}
	return report, nil, err
}
