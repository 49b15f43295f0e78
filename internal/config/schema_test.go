package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"

	"github.com/santhosh-tekuri/jsonschema/v5"
	"sigs.k8s.io/yaml"
)

func compiledSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := jsonschema.CompileString("stack.schema.json", string(text))
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// check validates the text of a stack file.
func check(t testing.TB, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	var file any
	if err := json.Unmarshal(asJSON, &file); err != nil {
		t.Fatal(err)
	}
	return s.Validate(file)
}

func TestSchemaTakesEveryValidStackFile(t *testing.T) {
	s := compiledSchema(t)
	for _, file := range append(files(t, "valid-*.yaml"), "../../Pulumi.dev.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(t, s, text); err != nil {
			t.Errorf("%s: %#v", file, err)
		}
	}
}

func TestSchemaRefusesWhatOneValueShows(t *testing.T) {
	// What is wrong with these is between values, or within an image's name.
	beyond := []string{"invalid-contradictions.yaml", "invalid-never-ejects.yaml", "invalid-set-twice.yaml",
		"invalid-namespaces-without-sidecars.yaml", "invalid-pull-server-alone.yaml", "invalid-rule-file.yaml", "invalid-rule-name-alone.yaml"}
	s := compiledSchema(t)
	for _, file := range files(t, "invalid-*.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		refused, want := check(t, s, text) != nil, !slices.Contains(beyond, filepath.Base(file))
		if refused != want {
			t.Errorf("%s: refused %v, want %v", file, refused, want)
		}
	}
}

func TestSchemaTakesEachNotation(t *testing.T) {
	s := compiledSchema(t)
	for name, c := range map[string]struct {
		text  string
		taken bool
	}{
		"a dotted key":                   {`istio-circuit-breaker:outlier.interval: 5s`, true},
		"an object":                      {`istio-circuit-breaker:outlier: {interval: 5s, consecutiveErrors: 3}`, true},
		"an object in an object":         {`istio-circuit-breaker:image: {pullSecret: {name: credentials}}`, true},
		"a dotted key in an object":      {`istio-circuit-breaker:image: {pullSecret.name: credentials}`, true},
		"the text of an object":          {`istio-circuit-breaker:outlier: '{"interval":"5s"}'`, true},
		"a number as pulumi writes it":   {`istio-circuit-breaker:outlier.consecutiveErrors: "3"`, true},
		"a truth as pulumi writes it":    {`istio-circuit-breaker:outlier.enabled: "false"`, true},
		"Helm values":                    {`istio-circuit-breaker:istio.values: {global: {logAsJson: true}}`, true},
		"Helm values as text":            {`istio-circuit-breaker:istio.values: '{"pilot":{}}'`, true},
		"an encrypted value":             {`istio-circuit-breaker:image.pullSecret.password: {secure: AAAB}`, true},
		"an encrypted value, nested":     {`istio-circuit-breaker:image: {pullSecret: {password: {secure: AAAB}}}`, true},
		"another's key":                  {`kubernetes:context: kind-breaker`, true},
		"a slip in a dotted key":         {`istio-circuit-breaker:outlier.intervall: 5s`, false},
		"a slip in an object":            {`istio-circuit-breaker:outlier: {intervall: 5s}`, false},
		"a group that is none":           {`istio-circuit-breaker:weather: {today: sunny}`, false},
		"a number out of range":          {`istio-circuit-breaker:outlier.consecutiveErrors: 10001`, false},
		"a number out of range, as text": {`istio-circuit-breaker:outlier.consecutiveErrors: "10001"`, false},
		"a duration without unit":        {`istio-circuit-breaker:outlier: {interval: 5}`, false},
		"a password that all can read":   {`istio-circuit-breaker:image.pullSecret.password: hunter2`, false},
		"nothing":                        {`istio-circuit-breaker:namespace:`, false},
		// YAML would make 1.3 of it.
		"a version that is a number": {`istio-circuit-breaker:istio.tag: 1.30`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := check(t, s, []byte("config:\n  "+c.text)); (err == nil) != c.taken {
				t.Errorf("taken %v, want %v: %v", err == nil, c.taken, err)
			}
		})
	}
}

// FuzzSchema gives each setting any text: the schema takes whatever the program
// takes, and of what has a range or choices nothing else.
func FuzzSchema(f *testing.F) {
	s := compiledSchema(f)
	for _, seed := range []string{"1", "50", "51", "100", "101", "10000", "10001", "007", "0", "true", "True", "30s", "1.5s", ".5s", "1m30s", "1h",
		"mesh", "RANDOM", "linux/arm64", "a", "a.b", "A-b", "1.31.4", "1.32.0-beta.1+b", "x y", "{}", "you/servicex:1", "+5s", "\u00b5s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		asJSON, err := json.Marshal(v)
		var text any
		if err != nil || json.Unmarshal(asJSON, &text) != nil || text != v || strings.HasPrefix(v, "-0") { // -0s is 0s
			return
		}
		for _, name := range config.Names() {
			if name == "image.pullSecret.password" { // never in plain text
				continue
			}
			file := map[string]any{"config": map[string]any{config.Project + ":" + name: v}}
			_, err := config.Parse(map[string]string{config.Project + ":" + name: v, config.Project + ":istio.install": "false"})
			if name == "istio.install" {
				_, err = config.Parse(map[string]string{config.Project + ":" + name: v})
			}
			shown := s.Validate(file)
			if err == nil && shown != nil {
				t.Errorf("%s: %q is taken by the program, but not by the schema: %v", name, v, shown)
			}
			exact := strings.HasPrefix(name, "replicas.") || slices.Contains([]string{"outlier.consecutiveErrors", "outlier.enabled", "loadBalancer",
				"localityLbSetting.enabled", "image.platform", "istio.install", "istio.keepCRDs", "client.enabled"}, name)
			if exact && err != nil && shown == nil {
				t.Errorf("%s: %q is taken by the schema, but not by the program: %v", name, v, err)
			}
		}
	})
}
