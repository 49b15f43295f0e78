package rulefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/breaker/istiorule"
	"istio-circuit-breaker/internal/lint"

	"google.golang.org/protobuf/encoding/protojson"
	networking "istio.io/api/networking/v1alpha3"
)

// Port is that of ServiceX's Service, the only one.
const Port = 80

// Rule is a rule of a file, for ServiceX.
type Rule struct {
	// Name of the DestinationRule, with its namespace where it says one.
	Name string
	// Host that it is for in its file; on ServiceX it is for ServiceX's.
	Host string
	// Policy of ServiceX's port.
	Policy *networking.TrafficPolicy
	// Notes are what of the file has no part in it, a sentence each.
	Notes []string
}

// Breaker is what the rule says to Envoy.
func (r Rule) Breaker() breaker.Rule {
	return istiorule.FromDestinationRule(&networking.DestinationRule{TrafficPolicy: r.Policy})
}

// Read reads the rule of a name (NAME or NAMESPACE/NAME) in a file; without a name
// the only one that has outlierDetection.
func Read(path, name string) (Rule, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Rule{}, fmt.Errorf("reading a rule: %w", err)
	}
	return Parse(path, content, name)
}

// Parse is Read of a text that is at hand.
func Parse(path string, content []byte, name string) (Rule, error) {
	written, err := lint.DestinationRules(path, content)
	if err != nil {
		return Rule{}, err
	}
	one, err := choose(path, written, name)
	if err != nil {
		return Rule{}, err
	}
	var spec networking.DestinationRule
	// Strictly: what Istio's own reading leaves out without a word is a slip.
	if err := protojson.Unmarshal(one.Spec, &spec); err != nil {
		// The library puts a space of another kind into its errors, at random.
		words := strings.TrimSpace(strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto:"))
		return Rule{}, fmt.Errorf("reading DestinationRule %q in %q: %w", one, path, errors.New(words))
	}
	r := Rule{Name: one.String(), Host: spec.GetHost()}
	if err := r.take(&spec); err != nil {
		return Rule{}, fmt.Errorf("trying DestinationRule %q in %q on ServiceX:\n%w", one, path, err)
	}
	return r, nil
}

// choose picks one rule of a file.
func choose(path string, written []lint.Written, name string) (lint.Written, error) {
	var fit []lint.Written
	var all []string
	for _, w := range written {
		all = append(all, w.String())
		switch {
		case name == "" && ejects(w.Spec), name != "" && (name == w.Name || name == w.String()):
			fit = append(fit, w)
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(written) == 0:
		return lint.Written{}, fmt.Errorf("reading %q: there is no DestinationRule in it", path)
	case name != "":
		return lint.Written{}, fmt.Errorf("reading %q: %d DestinationRules are named %q; it has %s", path, len(fit), name, strings.Join(all, ", "))
	case len(fit) == 0:
		return lint.Written{}, fmt.Errorf("reading %q: no DestinationRule in it has outlierDetection; it has %s", path, strings.Join(all, ", "))
	}
	all = nil
	for _, w := range fit {
		all = append(all, w.String())
	}
	return lint.Written{}, fmt.Errorf("reading %q: more than one DestinationRule has outlierDetection, and one has to be named: %s", path, strings.Join(all, ", "))
}

// ejects reports whether a spec has outlierDetection anywhere.
func ejects(spec json.RawMessage) bool {
	type policy struct {
		Outlier *json.RawMessage `json:"outlierDetection"`
	}
	type ported struct {
		policy
		Ports []policy `json:"portLevelSettings"`
	}
	var s struct {
		Policy  ported `json:"trafficPolicy"`
		Subsets []struct {
			Policy ported `json:"trafficPolicy"`
		} `json:"subsets"`
	}
	if json.Unmarshal(spec, &s) != nil {
		return true // to be refused by name
	}
	policies := []ported{s.Policy}
	for _, subset := range s.Subsets {
		policies = append(policies, subset.Policy)
	}
	for _, p := range policies {
		if p.Outlier != nil {
			return true
		}
		for _, port := range p.Ports {
			if port.Outlier != nil {
				return true
			}
		}
	}
	return false
}
