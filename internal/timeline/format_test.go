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
	for heading, of := range map[string]any{"entry": Entry{}, "header": Header{}, "rule": breaker.Rule{}, "answer": Answer{}, "snapshot": Snapshot{},
		"pod": Pod{}, "counters": Counters{}, "event": Event{}, "phase": Phase{}, "verdict": Verdict{}} {
		t.Run(heading, func(t *testing.T) {
			var want []string
			for field := range reflect.TypeOf(of).Fields() {
				name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
				if options != "" && heading != "entry" { // there, one of them is what the entry is
					name += " optional"
				}
				want = append(want, name)
			}
			members, _, _ := strings.Cut(section(t, text, heading), "| kind | what |")
			var got []string
			for _, m := range row.FindAllStringSubmatch(members, -1) {
				got = append(got, strings.TrimSpace(m[1]+" "+m[2]))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("members (-type +described):\n%s", diff)
			}
		})
	}
}

func TestEveryKindAndStateIsDescribed(t *testing.T) {
	text := format(t)
	_, kinds, _ := strings.Cut(section(t, text, "event"), "| kind | what |")
	var got []EventKind
	for _, m := range row.FindAllStringSubmatch(kinds, -1) {
		got = append(got, EventKind(m[1]))
	}
	want := []EventKind{PodEjected, PodReturned, PodAdded, PodRemoved, RuleChanged, CountersReset, SourceLost, SourceBack, Confirmed, Disagreement}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds (-type +described):\n%s", diff)
	}
	for _, s := range []State{InRotation, Ejected, Terminating, Unknown} {
		if !strings.Contains(section(t, text, "pod"), "`"+string(s)+"`") {
			t.Errorf("state %q is not described", s)
		}
	}
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
