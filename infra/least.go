package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/config"
)

// tooOld is an error about a cluster that is older than the stack can use: it
// ends a preview too, which goes on without a cluster.
type tooOld struct{ error }

// ruleAPI serves the stack's rule.
const (
	ruleAPI  = "/apis/networking.istio.io/v1"
	ruleKind = "destinationrules"
)

// checkVersions compares what runs in the cluster with the least versions. What
// the user may not look at is not known to be too old.
func (s *sighting) checkVersions(ctx context.Context, c *cluster, cfg config.Config) error {
	var server struct {
		GitVersion string `json:"gitVersion"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/version"}, &server)
	if err != nil && !forbidden(err) && !errors.Is(err, errNotFound) {
		return advise(fmt.Errorf("asking for the version of Kubernetes: %w", err), nextStep(err))
	}
	s.kubernetes = server.GitVersion
	var old []error
	if err := config.LeastKubernetes.Check(s.kubernetes); err != nil {
		old = append(old, advise(err, "update the cluster, or choose another: pulumi config set kubernetes:context NAME"))
	}
	if !cfg.Istio.Install {
		wrong, err := c.checkMesh(ctx, cfg.Istio.Revision)
		if err != nil {
			return err
		}
		if wrong != nil {
			old = append(old, wrong)
		}
	}
	if len(old) > 0 {
		return tooOld{errors.Join(old...)}
	}
	return nil
}

// checkMesh says what is wrong with the mesh that is there: the API server does
// not serve the rule. Whoever may log in may ask for that.
func (c *cluster) checkMesh(ctx context.Context, revision string) (wrong, err error) {
	served, err := c.serves(ctx, ruleAPI, ruleKind)
	if err != nil || served {
		return nil, err
	}
	const newer = "update that mesh; or remove it, and have the stack install one: pulumi config rm istio.install"
	if wrong := config.LeastMesh.Check(c.istiod(ctx, revision)); wrong != nil {
		return advise(wrong, newer), nil
	}
	older, err := c.serves(ctx, strings.TrimSuffix(ruleAPI, "v1")+"v1beta1", ruleKind)
	if err != nil {
		return nil, err
	}
	if older {
		return oldCRDs(newer), nil
	}
	return advise(errors.New("istio.install is false, and there is no Istio in the cluster: it serves no DestinationRule"),
		"pulumi config rm istio.install, to have the stack install one; or install one, "+config.LeastMesh.String()+" at least"), nil
}

// oldCRDs is the error about CRDs of an Istio that is older than the rule, where
// nothing is known of istiod.
func oldCRDs(hint string) error {
	return advise(fmt.Errorf("the CRDs of Istio's in the cluster serve no DestinationRule of networking.istio.io/v1: they are older than Istio %s, which is the least", config.LeastMesh), hint)
}

// checkCRDs looks at CRDs that were there before, which the charts leave out.
func (s *sighting) checkCRDs(ctx context.Context, c *cluster) error {
	if !slices.Contains(names(s.crds), ruleKind+".networking.istio.io") {
		return nil
	}
	served, err := c.serves(ctx, ruleAPI, ruleKind)
	if err != nil || served {
		return err
	}
	return tooOld{oldCRDs("whose are they? kubectl get crds -o wide; remove them, with all their objects, or update them to those of the charts")}
}

// serves reports whether the API server has a kind of resource in a version of a
// group; true where that may not be asked.
func (c *cluster) serves(ctx context.Context, api, kind string) (bool, error) {
	var list struct {
		Resources []struct{ Name string }
	}
	err := c.do(ctx, request{method: http.MethodGet, path: api}, &list)
	a, another := errors.AsType[*answer](err)
	switch {
	case errors.Is(err, errNotFound), another && a.code == http.StatusNotFound: // no such version
		return false, nil
	case forbidden(err):
		return true, nil
	case err != nil:
		return false, advise(fmt.Errorf("asking whether the API server has %s of %s: %w", kind, api, err), nextStep(err))
	}
	return slices.ContainsFunc(list.Resources, func(r struct{ Name string }) bool { return r.Name == kind }), nil
}

// istiod is the version of the control plane of that revision, by the label of
// its charts or the tag of its image; empty where it cannot be known.
func (c *cluster) istiod(ctx context.Context, revision string) string {
	d, _ := c.controlPlane(ctx, revision)
	if v := d.Metadata.Labels["app.kubernetes.io/version"]; v != "" {
		return v
	}
	for _, container := range d.Spec.Template.Spec.Containers {
		image := container.Image[strings.LastIndexByte(container.Image, '/')+1:]
		if _, tag, tagged := strings.Cut(image, ":"); tagged && container.Name == discovery {
			tag, _, _ = strings.Cut(tag, "@")
			return tag
		}
	}
	return ""
}
