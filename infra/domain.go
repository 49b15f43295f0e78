package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/config"
)

// usualDomain is what Kubernetes, and Istio, take where nobody says otherwise.
const usualDomain = "cluster.local"

// askForDomain fills the cluster's domain in where it is not set: as istiod of a
// mesh that is there has it, or else as the kubelet gives it to pods. Who may look
// at neither gets the usual one.
func askForDomain(ctx context.Context, c *cluster, cfg config.Istio) (config.Istio, note, error) {
	if cfg.ClusterDomain != "" {
		return cfg, note{}, nil
	}
	cfg.ClusterDomain = usualDomain
	found, by, err := c.domain(ctx, cfg)
	switch {
	case err != nil:
		return cfg, note{text: fmt.Sprintf("the cluster's domain could not be read (%v): it is taken for %s; if it is another: pulumi config set clusterDomain DOMAIN", err, usualDomain)}, nil
	case found == "":
		return cfg, note{}, nil
	}
	if err := config.CheckDomain(found); err != nil {
		return cfg, note{}, advise(fmt.Errorf("reading the cluster's domain: %q, as %s says, %w", found, by, err), "pulumi config set clusterDomain DOMAIN")
	}
	if cfg.ClusterDomain = found; found == usualDomain {
		return cfg, note{}, nil
	}
	return cfg, note{text: fmt.Sprintf("the cluster's domain is %s (%s); clusterDomain would win", found, by)}, nil
}

// domain is the cluster's, and who says so; empty where it is nowhere set.
func (c *cluster) domain(ctx context.Context, cfg config.Istio) (found, by string, err error) {
	if !cfg.Install {
		if d, there := c.controlPlane(ctx, cfg.Revision); there {
			if found := d.domain(); found != "" {
				return found, "istiod's --domain", nil
			}
		}
	}
	// A few of the nodes, not all: lists of nodes are large.
	var nodes struct {
		Items []node `json:"items"`
	}
	if err := c.do(ctx, request{method: http.MethodGet, path: fmt.Sprintf("/api/v1/nodes?limit=%d", kubeletsAsked)}, &nodes); err != nil {
		return "", "", err
	}
	var failed error
	// One kubelet is as good as another, and some may be down.
	for _, n := range nodes.Items {
		found, err := c.kubeletDomain(ctx, n.Metadata.Name)
		if err == nil || forbidden(err) {
			return found, "the kubelet of node " + n.Metadata.Name, err
		}
		failed = errors.Join(failed, err)
	}
	return "", "", failed
}

// A kubelet that does not answer is not worth more than a moment of a run.
const (
	kubeletsAsked = 2
	kubeletLimit  = 3 * time.Second
)

// kubeletDomain reads a kubelet's configuration, KubeletConfiguration.clusterDomain
// of kubelet.config.k8s.io/v1beta1. It takes the right to get nodes/proxy (from
// Kubernetes 1.33, nodes/configz is enough).
func (c *cluster) kubeletDomain(ctx context.Context, node string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, kubeletLimit)
	defer stop()
	var answer struct {
		KubeletConfig struct {
			ClusterDomain string `json:"clusterDomain"`
		} `json:"kubeletconfig"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: "/api/v1/nodes/" + url.PathEscape(node) + "/proxy/configz"}, &answer)
	return strings.TrimSuffix(answer.KubeletConfig.ClusterDomain, "."), err
}

// domain is the argument --domain of istiod's container; empty where it has none.
func (d controlPlane) domain() string {
	for _, container := range d.Spec.Template.Spec.Containers {
		if container.Name != discovery {
			continue
		}
		for i, arg := range container.Args {
			if value, joined := strings.CutPrefix(arg, "--domain="); joined {
				return value
			}
			if arg == "--domain" && i+1 < len(container.Args) {
				return container.Args[i+1]
			}
		}
	}
	return ""
}

const discovery = "discovery" // istiod's container

// controlPlane is istiod's Deployment.
type controlPlane struct {
	Metadata struct{ Labels map[string]string }
	Spec     struct {
		Template struct{ Spec podSpec }
	}
}

// controlPlane looks istiod of a revision up; false where there is none, or none
// that may be seen.
func (c *cluster) controlPlane(ctx context.Context, revision string) (controlPlane, bool) {
	var list struct{ Items []controlPlane }
	// What it is good for can do without: an error is as good as none.
	_ = c.do(ctx, request{method: http.MethodGet, path: "/apis/apps/v1/deployments?labelSelector=app%3Distiod"}, &list)
	i := slices.IndexFunc(list.Items, func(d controlPlane) bool {
		return cmp.Or(d.Metadata.Labels[revisionLabel], defaultRevision) == cmp.Or(revision, defaultRevision)
	})
	if i < 0 {
		return controlPlane{}, false
	}
	return list.Items[i], true
}
