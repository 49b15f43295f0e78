package main

import (
	"encoding/json"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"

	"github.com/google/go-cmp/cmp"
)

// leaves are the dotted paths of all values that are no objects.
func leaves(values map[string]any, under string) []string {
	var paths []string
	for _, name := range sortedKeys(values) {
		if inner, ok := values[name].(map[string]any); ok {
			paths = append(paths, leaves(inner, under+name+".")...)
			continue
		}
		paths = append(paths, under+name)
	}
	return paths
}

// nested is the text of values with one at a dotted path.
func nested(t *testing.T, path string, value any) string {
	t.Helper()
	names := strings.Split(path, ".")
	for i := len(names) - 1; i >= 0; i-- {
		value = map[string]any{names[i]: value}
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whatever the stack sets, another value of the user's either wins, is added, or
// is refused: the table says which, and has to be whole.
func TestWhatHoldsForEveryValueThatTheStackSets(t *testing.T) {
	const wins, added, refused = "wins", "is added", "is refused"
	rules := map[string]string{
		"autoscaleEnabled":                          wins,
		"global.defaultPodDisruptionBudget.enabled": wins,
		"global.hub":                                refused, // beside the setting
		"global.proxy.clusterDomain":                refused,
		"global.proxy.outlierLogPath":               refused,
		"global.proxy.resources.requests.cpu":       wins,
		"global.proxy.resources.requests.memory":    wins,
		"global.tag":                                refused,
		"meshConfig.discoverySelectors":             added,
		"resources.requests.cpu":                    wins,
		"resources.requests.memory":                 wins,
	}
	image := settings{"istio.hub": "mirror.example/istio", "istio.tag": "1.2.3"}
	paths := leaves(istiodValues(config.Istio{Hub: "a", Tag: "b", ClusterDomain: "corp.internal"}, "demo"), "")
	if diff := cmp.Diff(sortedKeys(rules), paths); diff != "" {
		t.Fatalf("the table of this test (-table +set):\n%s", diff)
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			var other any = "another"
			if rules[path] == added {
				other = []any{map[string]any{"matchLabels": map[string]any{"team": "a"}}}
			}
			r := run{settings: settings{"istio.values": nested(t, path, other)}}
			for k, v := range image {
				r.settings[k] = v
			}
			err := r.start(t)
			if rules[path] == refused {
				if err == nil || !strings.Contains(err.Error(), "istio.values."+path+` = "another": `) {
					t.Errorf("running: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			at := []any{"values"}
			for _, name := range strings.Split(path, ".") {
				at = append(at, name)
			}
			got, want := r.engine.Resource(t, releaseType, istiodRelease).Input(at...), other
			if rules[path] == added {
				ours := up(t, image).engine.Resource(t, releaseType, istiodRelease).Input(at...)
				want = append(ours.([]any), other.([]any)...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoSelectorsAreEveryNamespace(t *testing.T) {
	istiod := up(t, settings{"istio.values": `{"meshConfig":{"discoverySelectors":[],"accessLogFile":"/dev/stdout"}}`}).engine.Resource(t, releaseType, istiodRelease)
	want := map[string]any{"discoverySelectors": []any{}, "accessLogFile": "/dev/stdout"}
	if diff := cmp.Diff(any(want), istiod.Input("values", "meshConfig")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
