package pulumitest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Resource is one registration, whole.
type Resource struct{ pulumi.MockResourceArgs }

// Key is type and name, as "kubernetes:core/v1:Service servicex".
func (r Resource) Key() string { return r.TypeToken + " " + r.Name }

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
