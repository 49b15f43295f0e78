package lint

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// sarifSchema is OASIS's of SARIF 2.1.0, as one of the linters' modules carries it.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	var module struct{ Dir string }
	found, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-modfile=../../.ci/tools/go.mod", "-json", "github.com/securego/gosec/v2").Output()
	if err == nil {
		err = json.Unmarshal(found, &module)
	}
	if err != nil {
		t.Fatalf("finding the module with the schema: %v\n%s", err, found)
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, "report", "sarif", "testdata", "sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat = true
	if err := compiler.AddResource("sarif.json", bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSARIFIsAsItsSchemaSays(t *testing.T) {
	schema := sarifSchema(t)
	files, err := filepath.Glob("testdata/rules/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	reports := map[string]Report{"nothing": {}}
	all := New(Options{})
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := all.Add(file, content); err != nil {
			t.Fatal(err)
		}
	}
	reports["all rules of testdata"] = all.Report()
	live := New(Options{})
	if err := live.AddObject([]byte(`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"a"},"spec":{"host":"a","trafficPolicy":{"outlierDetection":{}}}}`), false); err != nil {
		t.Fatal(err)
	}
	reports["an object of a cluster"] = live.Report()
	odd := New(Options{})
	if err := odd.Add("/a b/ü%:[1].yaml", []byte(small)); err != nil {
		t.Fatal(err)
	}
	reports["an odd file"] = odd.Report()
	for name, r := range reports {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := r.SARIF(&out); err != nil {
				t.Fatal(err)
			}
			var value any
			if err := json.Unmarshal(out.Bytes(), &value); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%#v", err)
			}
		})
	}
	if err := schema.Validate(map[string]any{"version": "2.1.0", "runs": []any{map[string]any{"results": []any{}}}}); err == nil {
		t.Error("a run without a tool passes: the schema asks for nothing")
	}
}
