package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/hint"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Scope is whose rules are judged.
type Scope struct {
	// Namespace is the one; with All, the one where all may not be listed.
	Namespace string
	All       bool
}

func (s Scope) String() string {
	if s.All {
		return "all namespaces"
	}
	return "namespace " + s.Namespace
}

func (s Scope) has(namespace string) bool { return s.All || namespace == s.Namespace }

// Inventory is what was read of a cluster.
type Inventory struct {
	Scope Scope
	// Rules are the DestinationRules, of other namespaces than the scope's too,
	// as far as they may be read: they decide with them.
	Rules []Rule
	// Beside are VirtualServices and ServiceEntries of the scope, in JSON.
	Beside   [][]byte
	Services []types.NamespacedName
	Mesh     Mesh
	// Unread is what could not be read.
	Unread []error

	endpoints
}

// Rule is a DestinationRule.
type Rule struct {
	JSON      []byte
	Namespace string
	host      string
	subsets   bool
}

// Object is the rule as it decides.
func (r Rule) Object() (effective.Object, error) { return effective.ParseObject(r.JSON) }

// Judged is whether the scope has a rule.
func (i *Inventory) Judged(r Rule) bool { return i.Scope.has(r.Namespace) }

// Read reads what is needed to judge the rules of a scope. It fails where none of
// them may be read.
func Read(ctx context.Context, client Client, scope Scope) (*Inventory, error) {
	r := &reader{Client: client}
	i := &Inventory{Scope: scope}
	i.Mesh = r.mesh(ctx)
	ruled, err := r.rules(ctx, i)
	if err != nil {
		return nil, err
	}
	in := ruled.in
	if !scope.All {
		in = []string{scope.Namespace}
	}
	for _, kind := range []schema.GroupVersionResource{routes, entries} {
		r.gather(scope.All, in, func(namespace string) error {
			return r.each(ctx, kind, namespace, func(o *object) { i.Beside = append(i.Beside, stripped(o)) })
		})
	}
	called, split := i.called()
	in = with(in, called)
	i.services = r.gather(scope.All, in, func(namespace string) error {
		return r.eachNamed(ctx, services, namespace, func(o *named) {
			i.Services = append(i.Services, types.NamespacedName{Namespace: o.Namespace, Name: o.Name})
		})
	})
	i.endpoints.read(ctx, r, scope.All, in, split)
	i.Unread = r.unread
	return i, nil
}

// rules reads the DestinationRules, and tells of which namespaces.
func (r *reader) rules(ctx context.Context, i *Inventory) (known, error) {
	take := func(o *object) { i.Rules = append(i.Rules, ruleOf(o)) }
	err := r.each(ctx, rules, "", take)
	switch {
	case err == nil:
		return known{all: true}, nil
	case apierrors.IsNotFound(err):
		return known{}, hint.With(fmt.Errorf("listing destinationrules: %w", errNoIstio), "name a cluster with Istio 1.22 or later with --context")
	case !refused(err):
		return known{}, err
	}
	i.Rules = nil
	r.unread = append(r.unread, err)
	in := []string{i.Scope.Namespace}
	if i.Scope.All {
		in = r.namespaces(ctx, in)
	}
	k := known{}
	for _, namespace := range in {
		if err := r.each(ctx, rules, namespace, take); err != nil {
			r.unread = append(r.unread, err)
			continue
		}
		k.in = append(k.in, namespace)
	}
	if len(k.in) == 0 {
		return k, hint.With(errors.Join(r.unread...), fmt.Sprintf("ask for the verb list on destinationrules: `kubectl auth can-i list destinationrules.networking.istio.io -n %s`", i.Scope.Namespace))
	}
	if !i.Scope.All { // what decides with them: rules of the services' namespaces and of the root
		called, _ := i.called()
		for _, namespace := range with(called, []string{i.Mesh.root()}) {
			if namespace != i.Scope.Namespace {
				r.gather(false, []string{namespace}, func(namespace string) error { return r.each(ctx, rules, namespace, take) })
			}
		}
	}
	return k, nil
}

// namespaces are all, or those that are known anyway.
func (r *reader) namespaces(ctx context.Context, otherwise []string) (all []string) {
	if err := r.eachNamed(ctx, namespaces, "", func(o *named) { all = append(all, o.Name) }); err != nil {
		r.unread = append(r.unread, err)
		return otherwise
	}
	return all
}

// called are the namespaces of the services that rules of the scope are for, and
// split those of them with subsets.
func (i *Inventory) called() (called, split []string) {
	all, some := map[string]bool{}, map[string]bool{}
	for _, r := range i.Rules {
		if name, is := strings.CutSuffix(r.fullHost(i.Mesh), i.Mesh.suffix()); is && i.Judged(r) {
			if _, namespace, is := strings.Cut(name, "."); is {
				all[namespace] = true
				some[namespace] = some[namespace] || r.subsets
			}
		}
	}
	for namespace := range maps.Keys(all) {
		if some[namespace] {
			split = append(split, namespace)
		}
	}
	slices.Sort(split)
	return slices.Sorted(maps.Keys(all)), split
}

// with are both, each once.
func with(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func ruleOf(o *object) Rule {
	spec, _ := o.Object["spec"].(map[string]any)
	host, _ := spec["host"].(string)
	subsets, _ := spec["subsets"].([]any)
	return Rule{JSON: stripped(o), Namespace: o.GetNamespace(), host: host, subsets: len(subsets) > 0}
}

// fullHost is the host as Istio takes it.
func (r Rule) fullHost(m Mesh) string {
	if r.host == "" || strings.ContainsAny(r.host, ".*") {
		return r.host
	}
	return r.host + "." + r.Namespace + m.suffix()
}

// stripped is an object in JSON without what is the API server's or kubectl's own.
func stripped(o *object) []byte {
	o.SetManagedFields(nil)
	delete(o.Object, "status")
	if annotations := o.GetAnnotations(); annotations != nil {
		delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
		o.SetAnnotations(annotations)
	}
	text, _ := json.Marshal(o.Object) // what came as JSON is JSON
	return text
}
