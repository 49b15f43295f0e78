package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// crds is where the API server keeps CRDs.
const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

// clearCRD has a CRD be there, and be nobody else's.
func (own identity) clearCRD(ctx context.Context, c *cluster, name string) error {
	path, what := crds+"/"+url.PathEscape(name), fmt.Sprintf("CRD %q", name)
	live, found, err := c.find(ctx, path, what)
	by := live.Metadata.Labels[identityLabel]
	switch {
	case err != nil:
		return err
	case !found:
		return restoreCRD(ctx, c, name)
	case by == "" || by == own.id: // the chart has just made it, or a killed run labelled it
		return nil
	case !own.owns(by):
		return made(what, by)
	}
	return c.merge(ctx, path, map[string]any{"labels": map[string]any{identityLabel: own.id}})
}

// restoreCRD makes a CRD anew, as Helm has applied it: the release of the charts
// outlives a CRD that a killed destroy, or somebody, has deleted, and the stack's
// own resource of it says too little to make one.
func restoreCRD(ctx context.Context, c *cluster, name string) error {
	records, err := c.helmRecords(ctx, meshNS)
	if err != nil {
		return err
	}
	last, found := lastRecord(records, baseRelease)
	if !found {
		return nil
	}
	release, err := c.readRecord(ctx, meshNS, last.name)
	if err != nil {
		return err
	}
	crd, err := recordedObject(release, "CustomResourceDefinition", name)
	if err != nil || crd == nil {
		return err
	}
	err = c.do(ctx, request{method: http.MethodPost, path: crds, body: crd}, nil)
	if err != nil {
		return advise(fmt.Errorf("making CRD %q anew: %w", name, err), nextStep(err))
	}
	// So that Helm goes on knowing it as its own.
	return c.merge(ctx, crds+"/"+url.PathEscape(name), map[string]any{
		"labels":      map[string]any{"app.kubernetes.io/managed-by": "Helm"},
		"annotations": map[string]any{helmRelease: baseRelease, helmNamespace: meshNS},
	})
}
