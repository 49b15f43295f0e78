package lab

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/lab.md has a row for each check, and quotes messages as they are.
func TestTheDocumentationKnowsEachCheckAndMessage(t *testing.T) {
	content, err := os.ReadFile("../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, c := range checks {
		if !strings.Contains(text, "\n| "+c.name+" | ") {
			t.Errorf("there is no row for check %q", c.name)
		}
	}
	var sources strings.Builder
	for _, dir := range []string{".", "parts", "sandbox"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
				continue
			}
			source, err := os.ReadFile(dir + "/" + entry.Name())
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(source)
		}
	}
	// What formats insert is left out on both sides.
	plain := func(s string) string {
		return strings.Join(regexp.MustCompile(`\W+`).Split(regexp.MustCompile(`%[a-z]|\.\.\.|\b\d+\b`).ReplaceAllString(s, " "), -1), " ")
	}
	said := plain(sources.String())
	_, table, _ := strings.Cut(text, "## When it does not work")
	rows := regexp.MustCompile("(?m)^\\| `+([^|]+?) ?`+ \\|").FindAllStringSubmatch(table, -1)
	if len(rows) < 8 {
		t.Fatalf("got %d messages", len(rows))
	}
	for _, row := range rows {
		if message := strings.TrimSpace(plain(row[1])); message != "dpkg was interrupted" && !strings.Contains(said, message) { // that one is apt's
			t.Errorf("nothing says %q", row[1])
		}
	}
}
