package pulumitest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Resource is one registration, whole.
type Resource struct{ pulumi.MockResourceArgs }

// Key is type and name, as "kubernetes:core/v1:Service servicex".
func (r Resource) Key() string { return r.TypeToken + " " + r.Name }

// Parent is the key of the component that this one is a child of; empty where it is
// the stack's own.
func (r Resource) Parent() string {
	parent := resource.URN(r.RegisterRPC.GetParent())
	if parent.Type() == resource.RootStackType {
		return ""
	}
	return string(parent.Type()) + " " + parent.Name()
}

// URN is what the engine calls the resource.
func (r Resource) URN() string { return r.urn(r.RegisterRPC.GetParent(), r.TypeToken, r.Name) }

// Aliases are what the engine may have called the resource before. It makes them
// of what is registered, as here.
func (r Resource) Aliases() []string {
	var urns []string
	for _, a := range r.RegisterRPC.GetAliases() {
		spec := a.GetSpec()
		if spec == nil {
			urns = append(urns, a.GetUrn())
			continue
		}
		parent := cmp.Or(spec.GetParentUrn(), r.RegisterRPC.GetParent())
		if spec.GetNoParent() {
			parent = ""
		}
		urns = append(urns, r.urn(parent, cmp.Or(spec.GetType(), r.TypeToken), cmp.Or(spec.GetName(), r.Name)))
	}
	return urns
}

func (r Resource) urn(parent, typ, name string) string {
	own := resource.URN(r.RegisterRPC.GetParent()) // at least the stack, which has the same stack and project
	var within tokens.Type
	if p := resource.URN(parent); parent != "" && p.Type() != resource.RootStackType {
		within = p.QualifiedType()
	}
	return string(resource.NewURN(own.Stack(), own.Project(), within, tokens.Type(typ), name))
}

// DependsOn are the names of the resources that this one waits for, in order.
func (r Resource) DependsOn() []string {
	var names []string
	for _, urn := range r.RegisterRPC.GetDependencies() {
		names = append(names, urn[strings.LastIndex(urn, "::")+len("::"):])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Input is the input at a path of property names and list indices, as plain
// Go value (string, float64, bool, map[string]any, []any); nil where there is
// none.
func (r Resource) Input(path ...any) any {
	var at any = r.Inputs.Mappable()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := at.(map[string]any)
			at = object[step]
		case int:
			list, _ := at.([]any)
			if step < 0 || step >= len(list) {
				return nil
			}
			at = list[step]
		}
	}
	return at
}

// JSON is the input at path as indented JSON, for golden files.
func (r Resource) JSON(t testing.TB, path ...any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(r.Input(path...), "", "  ")
	if err != nil {
		t.Fatalf("marshalling %v of %s: %v", path, r.Key(), err)
	}
	return append(text, '\n')
}
