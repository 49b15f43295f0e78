package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Where the stack's own values and those of the user meet in istiod's chart, one
// of three things holds. What the stack sets only because it fits a laptop, the
// user may set otherwise. Discovery selectors are joined. What the stack counts
// on (reliances) is refused: it would fail much later, with other words, or leave
// something behind. All other values are between the user and the chart.

// discoverySelectors is where the chart takes the namespaces that istiod looks at.
const discoverySelectors = "meshConfig.discoverySelectors"

// legacy is the part of the values that the chart lays over all others (istio/istio
// manifests/charts/istio-control/istio-discovery/templates/zzy_descope_legacy.yaml).
const legacy = "pilot."

// checkValues says what in the Helm values contradicts the stack, in a stable
// order. Of secret ones only names are shown that are in our own table.
func (d *draft) checkValues(at place) []*Problem {
	var problems []*Problem
	add := func(path string, value any, reason, allowed, fix string) {
		text, _ := json.Marshal(value) // of what was read from JSON
		shown := place{text: leaf(text), secret: at.secret}.shown()
		problems = append(problems, &Problem{Project + ":" + Values + "." + path, shown, reason, allowed, fix})
	}
	values := d.Istio.Values
	for _, group := range groups() {
		if v, set := valueAt(values, group); set && !isObject(v) {
			add(group, v, "is no object, and would take away what the stack sets in it", "an object", "leave it out of "+Values)
		}
	}
	for _, r := range d.reliances() {
		for _, path := range []string{r.path, legacy + r.path} {
			if v, set := valueAt(values, path); set && !r.takes(v) {
				add(path, v, r.why, r.allowed(), "leave it out of "+Values+r.instead)
			}
		}
	}
	selectors, set := valueAt(values, discoverySelectors)
	if set {
		if wrong := checkSelectors(selectors); wrong != "" {
			add(discoverySelectors, selectors, wrong, "a list of label selectors, which is added to the stack's; [] for every namespace", "leave it out of "+Values)
		}
	}
	if v, set := valueAt(values, legacy+discoverySelectors); set {
		add(legacy+discoverySelectors, v, "would be laid over the stack's, not added to them", "", "write it as "+discoverySelectors)
	}
	const everywhere = "sidecarInjectorWebhook.enableNamespacesByDefault"
	for _, path := range []string{everywhere, legacy + everywhere} {
		list, _ := selectors.([]any)
		if v, on := valueAt(values, path); on && v != nil && v != false && (!set || len(list) > 0) {
			add(path, v, "has pods of every namespace injected, of which istiod looks at those alone that are labelled: the others would wait for its certificate for ever",
				"false, unless "+discoverySelectors+" is []", "leave it out of "+Values+`, and label namespaces: kubectl label namespace NAME istio-injection=enabled`)
		}
	}
	return problems
}

// groups are the objects in which the stack sets what it counts on.
func groups() []string {
	var all []string
	for _, path := range []string{discoverySelectors, outlierLog} {
		for i, r := range path {
			if r == '.' {
				all = append(all, path[:i])
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// checkSelectors says what is wrong with the user's discovery selectors.
func checkSelectors(v any) string {
	list, ok := v.([]any)
	if !ok {
		return "is no list"
	}
	for i, item := range list {
		text, err := json.Marshal(item)
		if err != nil || !isObject(item) {
			return fmt.Sprintf("has at place %d what is no label selector", i+1)
		}
		strict := json.NewDecoder(bytes.NewReader(text))
		strict.DisallowUnknownFields()
		var selector metav1.LabelSelector
		if err := strict.Decode(&selector); err == nil {
			_, err = metav1.LabelSelectorAsSelector(&selector)
			if err == nil {
				continue
			}
		}
		return fmt.Sprintf("has at place %d what is no label selector", i+1)
	}
	return ""
}

// valueAt looks a dotted path up in Helm values.
func valueAt(values map[string]any, path string) (any, bool) {
	name, rest, deeper := strings.Cut(path, ".")
	v, set := values[name]
	if !set || !deeper {
		return v, set
	}
	inner, _ := v.(map[string]any)
	return valueAt(inner, rest)
}

func isObject(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}
