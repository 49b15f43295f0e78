package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	podsOfFile = regexp.MustCompile(`(?m)^# pods: (\d+)$`)
	wantOfLine = regexp.MustCompile(`# want ([a-z0-9= -]+)$`)
)

// wanted are the findings that a text's comments want: line, severity and code. A
// code has the severity of the table unless it says another: code=info.
func wanted(content []byte) (all []string) {
	line := 0
	for text := range strings.Lines(string(content)) {
		line++
		m := wantOfLine.FindStringSubmatch(strings.TrimRight(text, "\n"))
		if m == nil {
			continue
		}
		for code := range strings.FieldsSeq(m[1]) {
			code, severity, other := strings.Cut(code, "=")
			if !other {
				severity = string(severityOf[code])
			}
			all = append(all, fmt.Sprintf("%d %s %s", line, severity, code))
		}
	}
	slices.Sort(all)
	return all
}

func got(r Report) (all []string) {
	for _, f := range r.Findings {
		all = append(all, fmt.Sprintf("%d %s %s", f.Line, f.Severity, f.Code))
	}
	slices.Sort(all)
	return all
}

// Each file of testdata/rules is of a kind that people publish; its name says what
// it shows, and its comments which findings are wanted where.
func TestRulesOfTheKindsThatPeoplePublish(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("got %d files, %v; want 40 or more", len(files), err)
	}
	tested := map[string]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var o Options
			if m := podsOfFile.FindSubmatch(content); m != nil {
				o.Pods, _ = strconv.Atoi(string(m[1]))
			}
			l := New(o)
			if err := l.Add(file, content); err != nil {
				t.Fatal(err)
			}
			r := l.Report()
			if diff := cmp.Diff(wanted(content), got(r)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			for _, f := range r.Findings {
				tested[f.Code] = true
				if f.Text == "" || f.Source == "" || f.Fix == "" || f.Field == "" || f.Object == "" || f.Line < 1 || f.Column < 1 {
					t.Errorf("something is missing of %+v", f)
				}
			}
		})
	}
	for _, c := range Codes() {
		if !tested[c.Name] {
			t.Errorf("no file has a finding of %s", c.Name)
		}
	}
}

// The stack's own rules do what they say; that 1 error is few is the user's choice.
func TestTheStacksOwnRulesAreClean(t *testing.T) {
	files, err := filepath.Glob("../../infra/testdata/destinationrule/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	l := New(Options{})
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Add(file, content); err != nil {
			t.Error(err)
		}
	}
	for _, f := range l.Report().Findings {
		if f.Severity != Info && f.Code != firstError {
			t.Errorf("got %+v", f)
		}
	}
}
