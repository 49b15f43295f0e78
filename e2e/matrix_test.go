//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fact is one thing about outlier detection that is measured on an Envoy.
type fact struct {
	name    string
	measure func(t *testing.T, name string) string
}

var facts = []fact{
	{"the whole life at threshold 3, base 2s", wholeLife},
	{"gateway 10 alone ejects after", func(t *testing.T, _ string) string {
		return firstOut(t, map[string]any{"consecutiveGatewayErrors": 10, "consecutive5xxErrors": nil})
	}},
	{"both thresholds 4: booked to", func(t *testing.T, _ string) string {
		return firstOut(t, map[string]any{"consecutiveGatewayErrors": 4, "consecutive5xxErrors": 4})
	}},
	{"5xx 7 alone ejects after", func(t *testing.T, _ string) string {
		return firstOut(t, map[string]any{"consecutiveGatewayErrors": nil, "consecutive5xxErrors": 7})
	}},
	{"maxEjectionPercent 49 of 2 pods", func(t *testing.T, _ string) string {
		changeRule(t, map[string]any{"consecutiveGatewayErrors": 3, "consecutive5xxErrors": 0, "maxEjectionPercent": 49})
		p := verify(t, 4, "--phases", "trip,counters", "--max-delay", "100ms", "--rate", "20")
		return fmt.Sprintf("%d ejections, overflow %d", len(p.Ejections), *p.Counters.Overflow)
	}},
	{"minHealthPercent 60, 1 of 2 out", func(t *testing.T, _ string) string {
		changeRule(t, map[string]any{"maxEjectionPercent": 50, "minHealthPercent": 60})
		defer changeRule(t, map[string]any{"minHealthPercent": nil})
		p := verify(t, 3, "--phases", "clean", "--max-delay", "100ms", "--rate", "20")
		if !p.names("panic-routing") {
			return fmt.Sprintf("no panic routing: %v", p.Causes)
		}
		return "panic routing"
	}},
}

// firstOut is after how many errors, and by which detector, a pod goes.
func firstOut(t *testing.T, fields map[string]any) string {
	changeRule(t, fields)
	o := attempt(t, observeCommand, "verify", "--json", "--phases", "trip", "--max-delay", "100ms", "--rate", "10")
	if o.stdout == "" {
		t.Fatalf("observe verify: %s", o.all())
	}
	var p proof
	decode(t, o.stdout, &p)
	if len(p.Ejections) == 0 {
		return "never"
	}
	return fmt.Sprintf("%d, %s", p.Ejections[0].Errors, p.Ejections[0].Detector)
}

// keepRecordings has the whole lives recorded for the test bench, which is held
// against them.
var keepRecordings bool

// wholeLife proves all phases.
func wholeLife(t *testing.T, name string) string {
	changeRule(t, map[string]any{"consecutiveGatewayErrors": 3, "consecutive5xxErrors": 0, "baseEjectionTime": "2s"})
	dir := t.TempDir()
	if keepRecordings {
		dir = absolute(t, "../internal/mesh/meshtest/testdata")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	o := attempt(t, observeCommand, "verify", "--json", "--record", filepath.Join(dir, name+".jsonl"), "--phases", "all", "--max-delay", "100ms")
	if o.stdout == "" {
		t.Fatalf("observe verify: %s", o.all())
	}
	var p proof
	decode(t, o.stdout, &p)
	var outs []string
	for _, e := range p.Ejections {
		outs = append(outs, fmt.Sprintf("%.1fs", e.Seconds))
	}
	return fmt.Sprintf("%s; out %s", p.Verdict, strings.Join(outs, ", "))
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// oldestEnvoy is the matrix's first column; its last is the lab's own Envoy.
func oldestEnvoy(t *testing.T) {
	versions, pins := envoyVersions(t)
	set(t, map[string]string{"faulty.maxDelay": "100ms"})
	onEnvoy(t, versions[0], pins[versions[0]])
}

// onEnvoy measures all facts on one version of Envoy.
func onEnvoy(t *testing.T, version, pin string) []string {
	swapSidecar(t, sidecarOf(t, version, pin))
	defer swapSidecar(t, "")
	if got := envoyVersion(t); got != version {
		t.Fatalf("the sidecar is Envoy %s, want %s", got, version)
	}
	return measured(t, "envoy-"+version)
}

// measured are all facts on what runs, which has a name.
func measured(t *testing.T, name string) []string {
	defer restoreRule(t)
	var column []string
	for _, f := range facts {
		says := f.measure(t, name)
		t.Logf("%s: %s: %s", name, f.name, says)
		column = append(column, says)
	}
	for i, want := range []string{"agrees; ", "5, CONSECUTIVE_5XX", "4, CONSECUTIVE_GATEWAY_FAILURE", "7, CONSECUTIVE_5XX", "0 ejections, ", "panic routing"} {
		if !strings.HasPrefix(column[i], want) {
			t.Errorf("%s: %s: got %q, want %q", name, facts[i].name, column[i], want)
		}
	}
	return column
}

// TestMatrix measures every fact on every Envoy, and on another istiod, and writes
// docs/matrix.md. Only `make matrix` runs it, as it takes a quarter of an hour; the
// end-to-end cases measure the oldest Envoy, and the lab's own.
func TestMatrix(t *testing.T) {
	pulumiUp(t)
	keepRecordings = true
	set(t, map[string]string{"faulty.maxDelay": "100ms"})
	defer unset(t, "faulty.maxDelay")
	versions, pins := envoyVersions(t)
	names, columns := []string{}, [][]string{}
	for _, version := range versions {
		names = append(names, "Envoy "+version)
		t.Run(version, func(t *testing.T) { columns = append(columns, onEnvoy(t, version, pins[version])) })
	}
	other := istiodVersion(t, "testdata/istiod")
	names = append(names, "Envoy "+versions[len(versions)-1]+", istiod "+istiodDate(other))
	t.Run("istiod", func(t *testing.T) { columns = append(columns, onIstiod(t, other)) })
	if t.Failed() || len(columns) < len(names) {
		return // what a whole run has written down stays
	}
	text := matrixTable(names, columns) + fmt.Sprintf("\nistiod is the module istio.io/istio %s, in the last column %s.\n", istiodVersion(t, "../lab/parts/cluster"), other)
	if err := os.WriteFile("../docs/matrix.md", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// matrixTable is the page: a row a fact, a column a version.
func matrixTable(names []string, columns [][]string) string {
	var b strings.Builder
	b.WriteString("# What was measured on which Envoy and istiod\n\nWritten by `make matrix`: the client's sidecar was swapped for each version of Envoy, then istiod for another one; everything else stayed.\n\n")
	fmt.Fprintf(&b, "| fact | %s |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
	for i, f := range facts {
		row := []string{f.name}
		for _, column := range columns {
			row = append(row, column[i])
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}
