package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"golang.org/x/sync/errgroup"
)

// sighting is what was in the cluster before this update, of all that the stack
// is going to make under a name that somebody else could have used.
type sighting struct {
	cluster    *cluster // nil in a preview without a cluster: nothing was seen
	blind      error    // why nothing was
	kubernetes string   // the server's version; empty where it is not known
	// namespaces are those that the stack uses, and all that any stack has made.
	namespaces map[string]object
	// crds are Istio's, by name.
	crds []object
	// others are the other cluster-scoped objects of Istio's charts, each as
	// "clusterrole NAME".
	others map[string]object
	// policies are those that take care of istiod's ConfigMaps, each as
	// "mutatingadmissionpolicy NAME"; nil where the API server has none of the kind.
	policies map[string]object
	// injected are namespaces of others that are labelled for injection, where
	// there are no policies.
	injected []string
	// records are Helm's in the mesh's namespace.
	records []helmRecord
}

// lookLimit bounds each look at the cluster before anything is made.
const lookLimit = 20 * time.Second

// look sees what is in the cluster. A preview without a cluster goes on: nothing
// is made by it.
func (p program) look(ctx *pulumi.Context, cfg config.Config) (sighting, error) {
	limited, cancel := context.WithTimeout(ctx.Context(), lookLimit)
	defer cancel()
	c, err := p.connect()
	if err == nil {
		var seen sighting
		if seen, err = sight(limited, c, cfg); err == nil {
			return seen, nil
		}
	}
	if _, old := errors.AsType[tooOld](err); ctx.DryRun() && !old {
		return sighting{blind: err}, nil
	}
	return sighting{}, err
}

// sight reads all of it. The error says what could not be read.
func sight(ctx context.Context, c *cluster, cfg config.Config) (sighting, error) {
	s := sighting{cluster: c, namespaces: map[string]object{}, others: map[string]object{}}
	if err := s.lookForNamespaces(ctx, c, cfg); err != nil {
		return s, err
	}
	if err := s.checkVersions(ctx, c, cfg); err != nil || !cfg.Istio.Install {
		return s, err
	}
	var group errgroup.Group
	if _, there := s.namespaces[meshNS]; there {
		group.Go(func() (err error) {
			s.records, err = c.helmRecords(ctx, meshNS)
			return err
		})
	}
	group.Go(func() error { return s.lookForPolicies(ctx, c, cfg) })
	found := make([][]object, len(clusterScoped))
	for i, kind := range clusterScoped {
		group.Go(func() (err error) {
			if found[i], err = c.objects(ctx, kind.path); err != nil {
				return advise(fmt.Errorf("listing each %s: %w", kind.name, err), nextStep(err))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return s, err
	}
	for i, kind := range clusterScoped {
		for _, o := range found[i] {
			switch name := o.Metadata.Name; {
			case kind.name == crdKind && strings.HasSuffix(name, ".istio.io"):
				s.crds = append(s.crds, o)
			case slices.Contains(kind.charts, name):
				s.others[kind.name+" "+name] = o
			}
		}
	}
	return s, s.checkCRDs(ctx, c)
}

func (s *sighting) lookForNamespaces(ctx context.Context, c *cluster, cfg config.Config) error {
	if err := s.lookForNamespace(ctx, c, cfg.Namespace.Name); err != nil {
		return err
	}
	// Who may not look at the mesh's namespace has not made it either.
	if err := s.lookForNamespace(ctx, c, meshNS); err != nil && (cfg.Istio.Install || !forbidden(err)) {
		return err
	}
	made, err := c.objects(ctx, "/api/v1/namespaces?labelSelector="+url.QueryEscape(partOfLabel+"="+partOf))
	if err != nil && !forbidden(err) { // who may not list them has made none
		return advise(fmt.Errorf("listing the namespaces of %s: %w", partOf, err), nextStep(err))
	}
	for _, o := range made {
		s.namespaces[o.Metadata.Name] = o
	}
	return nil
}

func (s *sighting) lookForNamespace(ctx context.Context, c *cluster, name string) error {
	o, err := c.object(ctx, namespacePath(name))
	switch {
	case errors.Is(err, errNotFound):
		return nil
	case err != nil:
		return advise(fmt.Errorf("looking for namespace %q: %w", name, err), nextStep(err))
	}
	s.namespaces[name] = o
	return nil
}

func forbidden(err error) bool {
	a, ok := errors.AsType[*answer](err)
	return ok && a.code == http.StatusForbidden
}

const crdKind = "customresourcedefinition"

// clusterScoped are the kinds of cluster-scoped objects in Istio's charts base
// and istiod, and the names of what they hold where release and namespace have
// our names. That the table is whole is tested against the installed charts.
var clusterScoped = []struct {
	name, path string
	charts     []string // names; nil for CRDs, which go by their group
}{
	{crdKind, crds, nil},
	{"clusterrole", "/apis/rbac.authorization.k8s.io/v1/clusterroles", []string{
		"istio-reader-clusterrole-istio-system", "istiod-clusterrole-istio-system", "istiod-gateway-controller-istio-system",
	}},
	{"clusterrolebinding", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", []string{
		"istio-reader-clusterrole-istio-system", "istiod-clusterrole-istio-system", "istiod-gateway-controller-istio-system",
	}},
	{"mutatingwebhookconfiguration", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", []string{"istio-sidecar-injector"}},
	{"validatingwebhookconfiguration", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", []string{
		"istio-validator-istio-system", "istiod-default-validator",
	}},
}
