package timeline

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/breaker"
)

const formatFile = "../../docs/recording.md"

func format(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(formatFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section is the text under a heading.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %q", formatFile, heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (optional)?")

func TestTheFormatIsDescribedAsItIs(t *testing.T) {
	text := format(t)
	for heading, of := range map[string]any{"entry": Entry{}, "header": Header{}, "rule": breaker.Rule{}, "claim": Claim{}, "load": Load{},
		"sidecar": Sidecar{}, "outlier detection": OutlierDetection{}, "answer": Answer{}, "snapshot": Snapshot{}, "pod": Pod{}, "counters": Counters{},
		"outlier": Outlier{}, "event": Event{}, "clock": Clock{}, "step": Step{}, "symptom": Symptom{}, "phase": Phase{}, "verdict": Verdict{}} {
		t.Run(heading, func(t *testing.T) {
			var want []string
			for field := range reflect.TypeOf(of).Fields() {
				name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
				if options != "" && heading != "entry" { // there, one of them is what the entry is
					name += " optional"
				}
				want = append(want, name)
			}
			if diff := cmp.Diff(want, described(t, text, heading, "member")); diff != "" {
				t.Errorf("members (-type +described):\n%s", diff)
			}
		})
	}
}

// described are the names in a section's table: those of its first column, of
// which the table's head says what they are.
func described(t *testing.T, text, heading, column string) []string {
	t.Helper()
	_, table, _ := strings.Cut(section(t, text, heading), "| "+column+" | what |")
	table, _, _ = strings.Cut(table, "\n\n")
	var names []string
	for _, m := range row.FindAllStringSubmatch(table, -1) {
		names = append(names, strings.TrimSpace(m[1]+" "+m[2]))
	}
	return names
}

func TestEveryWordOfTheFormatIsDescribed(t *testing.T) {
	text := format(t)
	for _, tt := range []struct {
		heading, column string
		want            []string
	}{
		{"event", "kind", words(PodEjected, PodReturned, PodAdded, PodRemoved, RuleChanged, CountersReset, ClusterReplaced, SourceLost, SourceBack, Confirmed, Disagreement)},
		{"phase", "statement", words(Proven, Refuted, NotProven)},
		{"verdict", "verdict", words(Agrees, Differs, Undetermined)},
	} {
		if diff := cmp.Diff(tt.want, described(t, text, tt.heading, tt.column)); diff != "" {
			t.Errorf("%s (-type +described):\n%s", tt.heading, diff)
		}
	}
	for heading, names := range map[string][]string{"pod": words(InRotation, Ejected, Terminating, Unknown), "clock": words(SidecarClock, APIServerClock)} {
		for _, name := range names {
			if !strings.Contains(section(t, text, heading), "`"+name+"`") {
				t.Errorf("%s %q is not described", heading, name)
			}
		}
	}
}

func words[T ~string](names ...T) []string {
	var all []string
	for _, name := range names {
		all = append(all, string(name))
	}
	return all
}

func TestTheExampleOfTheFormatIsOne(t *testing.T) {
	_, example, _ := strings.Cut(format(t), "```json\n")
	example, _, _ = strings.Cut(example, "```")
	entries, err := ReadAll(strings.NewReader(example))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 4 || !slices.ContainsFunc(entries, func(e Entry) bool { return e.Event != nil && e.Event.Kind == PodEjected }) {
		t.Errorf("got %d entries, want 4, with an ejection", len(entries))
	}
}

func TestTheRecordedRunIsWhole(t *testing.T) {
	file, err := os.Open("../../docs/run.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entries, err := ReadAll(file)
	if err != nil || len(entries) < 1000 || entries[len(entries)-1].Verdict == nil {
		t.Errorf("got %d entries and %v, want a whole proof", len(entries), err)
	}
}
