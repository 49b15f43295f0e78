package lint

import (
	"strings"
	"testing"
)

// A name may hold what a terminal or GitHub takes for a command.
func TestWhatATextSaysIsNoCommand(t *testing.T) {
	r := report(t, Options{}, `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: "a\u001b[31mred\u0007\n::error::x", annotations: {istio-circuit-breaker/lint-ignore: "no-threshold: \u001b[2J\u202ex"}}
spec: {host: a, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 0, consecutiveGatewayErrors: 0, "i\u001b[0mnterval": 5, interval: "\u001b"}}}
`)
	writes := map[string]func(*strings.Builder) error{
		"text":   func(w *strings.Builder) error { return r.Text(w) },
		"github": func(w *strings.Builder) error { return r.GitHub(w) },
		"junit":  func(w *strings.Builder) error { return r.JUnit(w, func(Finding) bool { return true }) },
		"sarif":  func(w *strings.Builder) error { return r.SARIF(w) },
		"json":   func(w *strings.Builder) error { return r.JSON(w) },
	}
	for name, write := range writes {
		var out strings.Builder
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' || r == '\u202e' && name != "sarif" && name != "json" }) || strings.HasPrefix(line, "::error::x") {
				t.Errorf("%s: got %q", name, line)
			}
		}
		if !strings.Contains(out.String(), `red`) {
			t.Errorf("%s: got %s", name, &out)
		}
	}
}
