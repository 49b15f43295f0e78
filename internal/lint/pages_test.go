package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs has the page of each code, and a list of them.
const docs = "../../docs"

var (
	diffOfPage = regexp.MustCompile("(?s)\n```diff\n(.*?)```\n")
	podsOfPage = regexp.MustCompile(`--pods (\d+)`)
)

func TestEachCodeHasAPage(t *testing.T) {
	var want, got []string
	for _, c := range Codes() {
		want = append(want, fmt.Sprintf("| [%s](lint/%s.md) | %s | %s |", c.Name, c.Name, c.Severity, c.Title))
	}
	list, err := os.ReadFile(filepath.Join(docs, "lint.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, "| [") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list of docs/lint.md (-want +got):\n%s", diff)
	}
	pages, err := filepath.Glob(filepath.Join(docs, "lint", "*.md"))
	if err != nil || len(pages) != len(want) {
		t.Errorf("got %d pages, %v; want %d", len(pages), err, len(want))
	}
}

func TestPagesSayWhatThereIsToKnow(t *testing.T) {
	for _, c := range Codes() {
		t.Run(c.Name, func(t *testing.T) {
			page := pageOf(t, c)
			head := regexp.MustCompile(fmt.Sprintf(`^# %s\n\nAn? %s: %s\.\n\n- `, c.Name, c.Severity, regexp.QuoteMeta(c.Title)))
			if !head.MatchString(page) {
				t.Errorf("it does not begin like %q", head)
			}
			for _, part := range []string{"What happens", "Why", "Fix", "How known"} {
				if !strings.Contains(page, "\n- **"+part+":** ") {
					t.Errorf("it does not say: %s", part)
				}
			}
		})
	}
}

// What a page shows has its finding before and not after, and nothing worse.
func TestPagesMendWhatTheyShow(t *testing.T) {
	for _, c := range Codes() {
		t.Run(c.Name, func(t *testing.T) {
			page := pageOf(t, c)
			m := diffOfPage.FindStringSubmatch(page)
			if m == nil {
				t.Fatal("it has no diff")
			}
			var o Options
			if pods := podsOfPage.FindStringSubmatch(page); pods != nil {
				o.Pods, _ = strconv.Atoi(pods[1])
			}
			before, after := sides(t, m[1])
			if found := found(t, before, o); !found[c.Name] {
				t.Errorf("before, got %v in\n%s", found, before)
			}
			for code := range found(t, after, o) {
				if code == c.Name || severityOf[code] == Error {
					t.Errorf("after, got %s in\n%s", code, after)
				}
			}
		})
	}
}

func pageOf(t *testing.T, c Code) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(docs, "lint", c.Name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// sides are the two texts of a diff that has all lines of both.
func sides(t *testing.T, diff string) (before, after string) {
	t.Helper()
	for line := range strings.Lines(diff) {
		switch line[0] {
		case ' ':
			before, after = before+line[1:], after+line[1:]
		case '-':
			before += line[1:]
		case '+':
			after += line[1:]
		default:
			t.Fatalf("a line of the diff is neither kept, nor taken away, nor put in: %q", line)
		}
	}
	return before, after
}

// found are the codes of the findings in a text that no annotation takes back.
func found(t *testing.T, text string, o Options) map[string]bool {
	t.Helper()
	l := New(o)
	if err := l.Add("page.yaml", []byte(text)); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	all := map[string]bool{}
	for _, f := range l.Report().Findings {
		all[f.Code] = true
	}
	return all
}
