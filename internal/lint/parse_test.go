package lint

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const small = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: a, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}}}\n"

func TestEveryDocumentIsReadWithItsLine(t *testing.T) {
	tests := []struct {
		name, text string
		lines      []int // of the outlierDetections
	}{
		{"one", small, []int{4}},
		{"two", small + "---\n" + small, []int{4, 9}},
		{"a start line first", "---\n" + small + "---\n" + small, []int{5, 10}},
		{"comments and directives", "# Source: chart\n%YAML 1.2\n---\n" + small + "\n---   # second\n" + small, []int{7, 13}},
		{"an end and a start", small + "...\n---\n" + small, []int{4, 10}},
		{"an end alone", small + "...\n" + small, []int{4, 9}},
		{"empty documents", "---\n---\n\n---\n" + small + "---\n", []int{8}},
		{"lines that end as on Windows", strings.ReplaceAll(small+"---\n"+small, "\n", "\r\n"), []int{4, 9}},
		{"a mark of the byte order", "\ufeff" + small, []int{4}},
		{"a document on the start's line", "--- {kind: DestinationRule, apiVersion: networking.istio.io/v1, spec: {trafficPolicy: {outlierDetection: {}}}}\n", []int{1}},
		{"JSON with tabs", "{\n\t\"kind\": \"DestinationRule\",\n\t\"apiVersion\": \"networking.istio.io/v1\",\n\t\"spec\": {\"trafficPolicy\": {\n\t\t\"outlierDetection\": {}}}}", []int{5}},
		{"JSON values behind each other", strings.Repeat("{\"kind\": \"DestinationRule\",\n\"apiVersion\": \"networking.istio.io/v1\",\n\"spec\": {\"trafficPolicy\": {\"outlierDetection\": {}}}}\n", 3), []int{3, 6, 9}},
		{"JSON values on a line", strings.Repeat("{\"kind\": \"DestinationRule\", \"apiVersion\": \"networking.istio.io/v1\", \"spec\": {\"trafficPolicy\": {\"outlierDetection\": {}}}}", 2), []int{1, 1}},
		{"dashes in a text", "apiVersion: v1\nkind: ConfigMap\ndata:\n  text: |\n    ---\n    kind: DestinationRule\n---\n" + small, []int{11}},
		{"a List", "apiVersion: v1\nkind: List\nitems:\n- {kind: DestinationRule, apiVersion: networking.istio.io/v1, spec: {trafficPolicy: {outlierDetection: {}}}}\n", []int{4}},
		{"a List of rules in a List", "kind: List\nitems:\n- kind: DestinationRuleList\n  items:\n  - {kind: DestinationRule, apiVersion: networking.istio.io/v1, spec: {trafficPolicy: {outlierDetection: {}}}}\n", []int{5}},
		{"nothing", "", nil},
		{"no object", "- a\n---\nb\n---\n5\n---\nnull\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := New(Options{})
			if err := l.Add("a.yaml", []byte(tt.text)); err != nil {
				t.Fatal(err)
			}
			var lines []int
			for _, m := range l.Report().Rules {
				lines = append(lines, m.Line)
			}
			if fmt.Sprint(lines) != fmt.Sprint(tt.lines) {
				t.Errorf("got lines %v, want %v", lines, tt.lines)
			}
		})
	}
}

func TestWhatIsNoYAMLIsNamedWithFileAndLineAndKeepsNothingElseAway(t *testing.T) {
	tests := []struct {
		name, text string
		errors     []string
	}{
		{"a second colon", "a: b: c\n", []string{"line 1: mapping values are not allowed in this context"}},
		{"in the second document", "a: b\n---\nc: d\nd: e: f\n", []string{"line 4: mapping values are not allowed in this context"}},
		{"a template", "metadata:\n  name: {{ .Values.name }}-rule\n", []string{"line 2: did not find expected key"}},
		{"a tab", "a:\n\tb: c\n", []string{"line 2: found character that cannot start any token"}},
		{"an open list", "a: b\nc: [1, 2\nd: e\n", []string{"line 2: did not find expected ',' or ']'"}},
		{"an anchor that is not there", "a: b\nc: *there\n", []string{"line 2: unknown anchor 'there' referenced"}},
		{"two", "a: b: c\n---\n" + "a: {\n", []string{"line 1: mapping", "line 5: did not find expected node content"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := New(Options{})
			err := l.Add("a.yaml", []byte(tt.text+"\n---\n"+small))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.errors {
				if !strings.Contains(err.Error(), `parsing "a.yaml", `+want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
			if got := strings.Count(err.Error(), "parsing"); got != len(tt.errors) {
				t.Errorf("got %d errors, want %d: %v", got, len(tt.errors), err)
			}
			if r := l.Report(); len(r.Rules) != 1 {
				t.Errorf("got %d rules, want that of the last document", len(r.Rules))
			}
		})
	}
}

// Aliases may make a ring, or much of little.
func TestAliasesDoNotRunAway(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("%c: &%[1]c [*%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c]\n", 'b'+i, 'a'+i)
	}
	lists := "kind: List\nitems:\n- &a {kind: List, items: []}\n"
	for i := range 12 {
		lists += fmt.Sprintf("- &%c {kind: List, items: [*%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c]}\n", 'b'+i, 'a'+i)
	}
	merges := "x: &a {k: v}\n"
	for i := range 12 {
		merges += fmt.Sprintf("y%d: &%c {<<: [*%c, *%[3]c]}\n", i, 'b'+i, 'a'+i)
	}
	for name, text := range map[string]string{
		"a bomb": bomb + small, "lists": lists, "merges": merges + "<<: *m\n" + small,
		"a ring of merges": "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nspec: &s\n  <<: *s\n  host: a\n",
		"a ring":           "&a [*a]\n",
	} {
		t.Run(name, func(t *testing.T) {
			l := New(Options{})
			_ = l.Add("a.yaml", []byte(text)) // an error is as good
			l.Report()
		})
	}
}

func TestTheLastOfTwoFieldsCounts(t *testing.T) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte("a: 1\nb: &b {c: 2, d: 3}\na: 4\ne: {<<: *b, c: 5}\n"), &n); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"a": "4", "b.c": "2", "e.c": "5", "e.d": "3", "e.f": "", "a.b": ""} {
		if got := word(n.Content[0], strings.Split(path, ".")...); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

// FuzzAdd feeds any text: nothing panics or hangs, every finding is in the text
// and has all that it needs, and what is mended is YAML still.
func FuzzAdd(f *testing.F) {
	for _, seed := range []string{small, strings.NewReplacer(": 5", `: "5"`, "consecutive5xxErrors", "consecutive_5xx_errors").Replace(small), example, alerts, "&a [*a]", "a: &a {<<: *a}", "---\n%YAML 1.2\n---\n{", "kind: List\nitems: [*a]", "\x00", "---\n...\n---"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := New(Options{})
		unread := l.Add("a.yaml", []byte(text))
		r := l.Report()
		if fixed, n := r.Fixed("a.yaml", []byte(text)); n > 0 && unread == nil {
			if err := New(Options{}).Add("a.yaml", fixed); err != nil {
				t.Errorf("mended, it is no YAML any more: %v\n%s", err, fixed)
			}
		}
		lines := 1 + strings.Count(text, "\n")
		for _, found := range r.Findings {
			if found.Line < 1 || found.Line > lines+1 || found.Text == "" || severityOf[found.Code] == "" {
				t.Errorf("got %+v in %d lines", found, lines)
			}
		}
	})
}
