package lint

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// What kubectl sends is what sigs.k8s.io/yaml makes of a text, which is YAML 1.1.
func TestValuesAreReadAsKubectlReadsThem(t *testing.T) {
	for value, errors := range map[string]uint32{"5": 5, "5.0": 5, "1e1": 10, "010": 8, "0x5": 5, "1_0": 10, "+5": 5, "0b11": 3} {
		r := report(t, Options{}, fmt.Sprintf(ruleWith, "consecutive5xxErrors: "+value))
		if got := r.Rules[0].Errors; got != errors || codes(r, badValue) > 0 {
			t.Errorf("%s: got %d and %d bad values, want %d", value, got, codes(r, badValue), errors)
		}
		sent, err := yaml.YAMLToJSON([]byte("a: " + value))
		if err != nil || string(sent) != fmt.Sprintf(`{"a":%d}`, errors) {
			t.Errorf("%s: kubectl sends %s, %v", value, sent, err)
		}
	}
	for _, value := range []string{"5.5", "yes", "five", "50%", `"5.0"`, "1e40", ".inf"} {
		if r := report(t, Options{}, fmt.Sprintf(ruleWith, "consecutive5xxErrors: "+value)); codes(r, badValue) != 1 {
			t.Errorf("%s: got %+v", value, r.Findings)
		}
	}
	for value, on := range map[string]bool{"true": true, "True": true, "TRUE": true, "yes": true, "on": true, "y": true, "false": false, "No": false, "off": false} {
		r := report(t, Options{}, fmt.Sprintf(ruleWith, "consecutive5xxErrors: 5, splitExternalLocalOriginErrors: "+value))
		if got := r.Rules[0].Rule.SplitLocal; got != on || codes(r, badValue) > 0 {
			t.Errorf("%s: got %t and %d bad values", value, got, codes(r, badValue))
		}
	}
	for _, value := range []string{`"yes"`, "!!str yes", "1", "tRUE"} {
		if r := report(t, Options{}, fmt.Sprintf(ruleWith, "splitExternalLocalOriginErrors: "+value)); codes(r, badValue) != 1 {
			t.Errorf("%s: got %+v", value, r.Findings)
		}
	}
}

func TestAnObjectOfAClusterIsReadLikeAText(t *testing.T) {
	l := New(Options{})
	object := `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"a"},"spec":{"host":"a","trafficPolicy":{"outlierDetection":{"consecutive5xxErrors":7.0,"interval":"yes"}}}}`
	if err := l.AddObject([]byte(object), false); err != nil {
		t.Fatal(err)
	}
	if r := l.Report(); r.Rules[0].Errors != 7 || codes(r, badDuration) != 1 || !strings.Contains(fmt.Sprint(r.Findings), `"yes"`) {
		t.Errorf("got %+v", r)
	}
}

const ruleWith = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a, namespace: shop}\nspec: {host: a, trafficPolicy: {outlierDetection: {%s}}}\n"

// report is what is said of a text.
func report(t *testing.T, o Options, text string) Report {
	t.Helper()
	l := New(o)
	if err := l.Add("a.yaml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	return l.Report()
}

// codes is how many findings of a code there are.
func codes(r Report, code string) (n int) {
	for _, f := range r.Findings {
		if f.Code == code {
			n++
		}
	}
	return n
}
