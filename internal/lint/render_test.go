package lint

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/golden"
)

// example is a text with a finding of each severity, and one that is taken back.
const example = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: cart
  namespace: shop
  annotations:
    istio-circuit-breaker/lint-ignore: "own-zone-first: one zone, 100 %"
spec:
  host: cart
  trafficPolicy:
    outlierDetection:
      consecutiveGatewayErrors: 10
      interval: 1m
      baseEjectionTime: 30s
      maxEjectionPercent: 100
  subsets:
  - name: v1
    trafficPolicy:
      outlierDetection: {consecutive5xxErrors: 3, interval: 1s, baseEjectionTime: 30s, maxEjectionPercent: 50, consecutiveGatewayErrors: 3}
`

// alerts asks for two deprecated counters in one query.
const alerts = `groups:
- rules:
  - alert: Ejected
    expr: envoy_cluster_outlier_detection_ejections_total + envoy_cluster_outlier_detection_ejections_consecutive_5xx > 0
`

func exampleReport(t *testing.T) Report {
	t.Helper()
	l := New(Options{Pods: 2})
	if err := l.Add("apps/cart, 100%.yaml", []byte(example)); err != nil {
		t.Fatal(err)
	}
	if err := l.Add("alerts.yaml", []byte(alerts)); err != nil {
		t.Fatal(err)
	}
	return l.Report()
}

func fails(f Finding) bool { return f.Severity == Error }

func TestAReportReadsAsInTestdata(t *testing.T) {
	for name, write := range map[string]func(Report, io.Writer) error{
		"report.txt": Report.Text, "report.json": Report.JSON, "report.sarif": Report.SARIF, "report.github": Report.GitHub,
		"report.junit.xml": func(r Report, w io.Writer) error { return r.JUnit(w, fails) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := write(exampleReport(t), &out); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, name, out.String())
		})
	}
}

func TestAReportOfNothingIsWhole(t *testing.T) {
	var text, junit, sarif, asJSON bytes.Buffer
	r := New(Options{}).Report()
	for _, err := range []error{r.Text(&text), r.JUnit(&junit, fails), r.SARIF(&sarif), r.JSON(&asJSON)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, want := text.String(), "0 files, 0 outlierDetections: 0 errors, 0 warnings, 0 infos\n"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
	if strings.Contains(asJSON.String(), ": null") || strings.Contains(sarif.String(), ": null") {
		t.Errorf("null in\n%s%s", &asJSON, &sarif)
	}
	if err := xml.Unmarshal(junit.Bytes(), new(struct {
		XMLName xml.Name `xml:"testsuites"`
	})); err != nil {
		t.Error(err)
	}
}

// What code scanning refuses a log for.
func TestSARIFNamesARuleForEachResult(t *testing.T) {
	var out bytes.Buffer
	if err := exampleReport(t).SARIF(&out); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range log.Runs[0].Results {
		if rules := log.Runs[0].Tool.Driver.Rules; r.RuleIndex < 0 || rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("rule %d is not %s", r.RuleIndex, r.RuleID)
		}
		region := r.Locations[0].Physical.Region
		if region.Line < 1 || region.Column < 1 || strings.ContainsAny(r.Locations[0].Physical.Artifact.URI, " ") {
			t.Errorf("got location %+v", r.Locations[0])
		}
		if seen[r.Fingerprints["objectAndField/v1"]] {
			t.Errorf("two results with the fingerprint of %+v", r)
		}
		seen[r.Fingerprints["objectAndField/v1"]] = true
	}
}

func TestLeastLeavesOutWhatIsBelow(t *testing.T) {
	r := exampleReport(t)
	if r.Count(Info) == 0 || r.Count(Warning) == 0 || r.Count(Error) == 0 {
		t.Fatalf("the example has %s", r.Summary())
	}
	warnings := r.Least(Warning)
	if warnings.Count(Info) != 0 || warnings.Count(Warning) != r.Count(Warning) || warnings.Count(Error) != r.Count(Error) {
		t.Errorf("got %s of %s", warnings.Summary(), r.Summary())
	}
}
