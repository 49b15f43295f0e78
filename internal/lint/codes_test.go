package lint

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestEachCodeHasASectionInTheDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/lint.md")
	if err != nil {
		t.Fatal(err)
	}
	var described, want []string
	for section := range strings.SplitSeq(string(text), "\n## ") {
		code, body, _ := strings.Cut(section, "\n")
		if strings.HasPrefix(code, "# ") {
			continue
		}
		described = append(described, code)
		for _, part := range []string{"What happens", "Why", "Fix", "How known"} {
			if !strings.Contains(body, "- **"+part+":** ") {
				t.Errorf("section %s does not say: %s", code, part)
			}
		}
	}
	for _, c := range Codes() {
		want = append(want, c.Name)
	}
	slices.Sort(described)
	slices.Sort(want)
	if !slices.Equal(want, described) {
		t.Errorf("described are\n%q, want\n%q", described, want)
	}
}

func TestCodesDiffer(t *testing.T) {
	if got, want := len(severityOf), len(Codes()); got != want {
		t.Errorf("%d codes have %d names", want, got)
	}
	for _, c := range Codes() {
		if c.Title == "" || c.Severity.rank() < 0 {
			t.Errorf("got %+v", c)
		}
	}
}
