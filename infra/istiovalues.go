package main

import (
	"maps"
	"slices"

	"istio-circuit-breaker/internal/config"
)

// chartValues are the stack's own and those of the user, which win but where
// internal/config refuses them. Discovery selectors are joined: istiod looks at
// every namespace that one of them matches, and at all where there are none.
func chartValues(cfg config.Istio, app string) map[string]any {
	const group, name = "meshConfig", "discoverySelectors"
	own := istiodValues(cfg, app)
	all := merge(own, cfg.Values)
	theirs, _ := cfg.Values[group].(map[string]any)
	if more, _ := theirs[name].([]any); len(more) > 0 {
		ours := own[group].(map[string]any)
		both := append(slices.Clone(ours[name].([]any)), more...)
		all[group] = merge(all[group].(map[string]any), map[string]any{name: both})
	}
	return all
}

// istiodValues make the control plane fit a laptop and the breaker visible.
func istiodValues(cfg config.Istio, app string) map[string]any {
	request := func(cpu, memory string) map[string]any {
		return map[string]any{"requests": map[string]any{"cpu": cpu, "memory": memory}}
	}
	proxy := map[string]any{
		// Each ejection and return as a line of JSON in the sidecar's log.
		"outlierLogPath": "/dev/stdout",
		"resources":      request("10m", "64Mi"),
	}
	if cfg.ClusterDomain != usualDomain {
		proxy["clusterDomain"] = cfg.ClusterDomain
	}
	global := map[string]any{
		"proxy": proxy,
		// One replica: a budget would only keep its node from being drained.
		"defaultPodDisruptionBudget": map[string]any{"enabled": false},
	}
	if cfg.Hub != "" {
		global["hub"] = cfg.Hub
	}
	if cfg.Tag != "" {
		global["tag"] = cfg.Tag
	}
	return map[string]any{
		"autoscaleEnabled": false,
		"resources":        request("50m", "256Mi"), // of istiod; the chart asks for 2 GiB
		"global":           global,
		"meshConfig": map[string]any{
			// istiod puts ConfigMaps into every namespace that it looks at (see
			// configmaps.go): so it looks at those whose pods it injects, and no others.
			"discoverySelectors": []any{
				map[string]any{"matchExpressions": []any{map[string]any{
					"key": "kubernetes.io/metadata.name", "operator": "In", "values": []any{meshNS, app},
				}}},
				map[string]any{"matchLabels": map[string]any{injectionLabel: "enabled"}},
				map[string]any{"matchLabels": map[string]any{revisionLabel: defaultRevision}},
			},
		},
	}
}

// merge lays over on base, object by object; anything else is replaced.
func merge(base, over map[string]any) map[string]any {
	merged := maps.Clone(base)
	for k, v := range over {
		below, _ := merged[k].(map[string]any)
		if above, ok := v.(map[string]any); ok && below != nil {
			v = merge(below, above)
		}
		merged[k] = v
	}
	return merged
}
