package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/config"
)

// node is what there is to know of a node.
type node struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Unschedulable bool `json:"unschedulable"`
		Taints        []struct {
			Effect string `json:"effect"`
		} `json:"taints"`
	} `json:"spec"`
	Status struct {
		NodeInfo struct {
			Architecture    string `json:"architecture"`
			OperatingSystem string `json:"operatingSystem"`
		} `json:"nodeInfo"`
	} `json:"status"`
}

// takesPods reports whether a pod without tolerations may come to the node.
func (n node) takesPods() bool {
	for _, t := range n.Spec.Taints {
		if t.Effect == "NoSchedule" || t.Effect == "NoExecute" {
			return false
		}
	}
	return !n.Spec.Unschedulable
}

// nodesAtOnce keeps one answer small: a node that has many images is large.
const nodesAtOnce = 200

// nodes lists all nodes.
func (c *cluster) nodes(ctx context.Context) ([]node, error) {
	var all []node
	for next := ""; ; {
		var page struct {
			Metadata struct {
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []node `json:"items"`
		}
		path := fmt.Sprintf("/api/v1/nodes?limit=%d&continue=%s", nodesAtOnce, url.QueryEscape(next))
		if err := c.do(ctx, request{method: http.MethodGet, path: path}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if next = page.Metadata.Continue; next == "" {
			return all, nil
		}
	}
}

// askForPlatform makes the image's platform that of the nodes, where none is set.
func askForPlatform(ctx context.Context, c *cluster, cfg config.Image) (config.Image, note, error) {
	nodes, err := c.nodes(ctx)
	if a, ok := errors.AsType[*answer](err); ok && a.code == http.StatusForbidden {
		if cfg.Platform == "" {
			return cfg, note{text: "image.platform is not set, and the cluster does not let its nodes be listed: Docker builds for its own platform"}, nil
		}
		return cfg, note{}, nil
	}
	if err != nil {
		return cfg, note{}, advise(fmt.Errorf("listing the cluster's nodes: %w", err), nextStep(err))
	}
	by := byPlatform(nodes)
	found := slices.Collect(maps.Keys(by))
	switch {
	case cfg.Platform == "" && len(found) > 1:
		return cfg, note{}, mixed(by)
	case cfg.Platform == "" && len(found) == 1:
		cfg.Platform = found[0]
		return cfg, note{}, nil
	}
	return cfg, mismatch(cfg.Platform, by), nil
}

// byPlatform sorts the names of nodes by platform: of those that take pods, or,
// where none does at the moment, of all.
func byPlatform(nodes []node) map[string][]string {
	if slices.ContainsFunc(nodes, node.takesPods) {
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(n node) bool { return !n.takesPods() })
	}
	by := map[string][]string{}
	for _, n := range nodes {
		if info := n.Status.NodeInfo; info.OperatingSystem != "" && info.Architecture != "" {
			platform := info.OperatingSystem + "/" + info.Architecture
			by[platform] = append(by[platform], n.Metadata.Name)
		}
	}
	return by
}

// mixed is the problem of nodes that no one image fits.
func mixed(by map[string][]string) error {
	most := slices.MaxFunc(slices.Sorted(maps.Keys(by)), func(a, b string) int { return len(by[a]) - len(by[b]) })
	return &config.Problem{
		Key:     config.Project + ":image.platform",
		Reason:  "is not set, and the nodes are of more than one: " + named(by),
		Allowed: "one of them, where the pods come to no other nodes; or image.reference, an image for all of them",
		Fix:     "pulumi config set image.platform " + most,
	}
}

// mismatch warns of nodes that are of another platform than the image. It is no
// error: nodes may emulate another platform, or be on their way.
func mismatch(platform string, by map[string][]string) note {
	others := maps.Clone(by)
	delete(others, platform)
	if len(others) == 0 {
		return note{}
	}
	text := fmt.Sprintf("image.platform is %s, but nodes are %s: pods do not start there, unless the node emulates it", platform, named(others))
	if len(others) == len(by) {
		text += "; pulumi config rm image.platform, to build for the nodes that there are"
	}
	return note{text: text, warn: true}
}

// named lists platforms with their nodes, a few of them.
func named(by map[string][]string) string {
	const few = 3
	var parts []string
	for _, platform := range slices.Sorted(maps.Keys(by)) {
		names := slices.Sorted(slices.Values(by[platform]))
		list := strings.Join(names[:min(few, len(names))], ", ")
		if more := len(names) - few; more > 0 {
			list += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, platform+" ("+list+")")
	}
	return strings.Join(parts, ", ")
}
