package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/effective"
)

// caller is one of those who may have something else than others.
type caller struct {
	namespace string
	labels    map[string]string // that a workloadSelector asks for
}

// anyOther stands for all namespaces that no rule of a contest names.
const anyOther = "any other namespace"

// callers are the kinds of callers: of the service's namespace, of those of the
// rules and of those that exportTo names, and of any other.
func (c *contest) callers() []caller {
	namespaces, selected := map[string]bool{c.service: true}, []caller{}
	for _, r := range c.rules {
		namespaces[r.Object.Namespace] = true
		for _, to := range r.Spec.GetExportTo() {
			if !slices.Contains([]string{"*", ".", "~"}, to) {
				namespaces[to] = true
			}
		}
		if s := r.Spec.GetWorkloadSelector(); s != nil {
			selected = append(selected, caller{r.Object.Namespace, s.GetMatchLabels()})
		}
	}
	delete(namespaces, "")
	var all []caller
	for _, n := range slices.Sorted(maps.Keys(namespaces)) {
		all = append(all, caller{namespace: n})
	}
	known := map[string]bool{}
	for _, s := range selected {
		if words := s.String(); len(s.labels) > 0 && !known[words] {
			known[words] = true
			all = append(all, s)
		}
	}
	return append(all, caller{namespace: anyOther})
}

func (c caller) String() string {
	if len(c.labels) == 0 {
		return c.namespace
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(c.labels)) {
		all = append(all, name+"="+c.labels[name])
	}
	return c.namespace + " with " + strings.Join(all, ",")
}

// Callers are those that have the same for a host, and what they have.
type Callers struct {
	// From are their namespaces, with the labels of those that a workloadSelector
	// is for; "any other namespace" stands for all that no rule names.
	From   []string `json:"from"`
	Host   string   `json:"host"`
	Subset string   `json:"subset,omitempty"`
	// Why they do not have the rule that the finding is of.
	Why string `json:"why"`
	// Rules are the DestinationRules that are merged into theirs.
	Rules []string `json:"rules"`
	// NoCluster is true where they have no cluster for the subset, and get 503.
	NoCluster bool              `json:"noCluster,omitempty"`
	Fields    []effective.Field `json:"fields"`
}

// words are what they have, field by field, by where it comes from.
func (c Callers) words() string {
	text := "callers in " + few(c.From) + ": " + c.Why + " They have "
	if c.NoCluster {
		return text + fmt.Sprintf("no cluster for the subset %q, and get 503 with flag NC", c.Subset)
	}
	return text + fieldWords(c.Fields)
}

// fieldWords are fields with where they come from, which is said once for several.
func fieldWords(fields []effective.Field) string {
	var order []string
	values := map[string][]string{}
	for _, f := range fields {
		from := f.Origin.String()
		if path := f.Origin.Path; f.Origin.Object != "" && !strings.HasSuffix(path, ".outlierDetection") {
			from = f.Origin.Object + " " + strings.TrimSuffix(path, "."+f.Name)
		}
		if values[from] == nil {
			order = append(order, from)
		}
		values[from] = append(values[from], f.Name+" "+f.Value)
	}
	var all []string
	for _, from := range order {
		all = append(all, strings.Join(values[from], ", ")+" ("+from+")")
	}
	return strings.Join(all, "; ")
}
