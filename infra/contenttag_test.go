package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// contextOf writes files, by name, into a folder of its own.
func contextOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func tagOf(t *testing.T, dir, platform string) string {
	t.Helper()
	tag, err := contentTag(dir, platform)
	if err != nil {
		t.Fatal(err)
	}
	return tag
}

func TestTagFollowsWhatTheImageIsBuiltFrom(t *testing.T) {
	base := map[string]string{"Dockerfile": "FROM scratch", ".dockerignore": "*\n!*.go\n*_test.go\n!keep\n", "a.go": "one", "b.go": "two"}
	was := tagOf(t, contextOf(t, base), "linux/amd64")
	if !regexp.MustCompile(`^[0-9a-f]{16}-linux-amd64$`).MatchString(was) {
		t.Errorf("tag %q", was)
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		same   bool
	}{
		"nothing":                  {func(*testing.T, string) {}, true},
		"a test":                   {write("a_test.go", "test"), true},
		"a file that is ignored":   {write("notes.txt", "later"), true},
		"one in an ignored folder": {write("testdata/x", "y"), true},
		"another umask":            {chmod("a.go", 0o600), true},
		"an empty folder":          {func(t *testing.T, dir string) { must(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755)) }, true},
		"a byte":                   {write("a.go", "on3"), false},
		"one file more":            {write("c.go", ""), false},
		"one below, ignored too":   {write("sub/c.go", ""), true},
		"one that is kept":         {write("keep/c", ""), false},
		"the Dockerfile":           {write("Dockerfile", "FROM busybox"), false},
		"a file that can be run":   {chmod("a.go", 0o755), false},
		"another name": {func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "a.go"), filepath.Join(dir, "z.go")))
		}, false},
		"a link in its place": {func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, "a.go")))
			must(t, os.Symlink("b.go", filepath.Join(dir, "a.go")))
		}, false},
		"bytes that move to the next file": {func(t *testing.T, dir string) {
			write("a.go", "")(t, dir)
			write("b.go", "onetwo")(t, dir)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := contextOf(t, base)
			c.change(t, dir)
			if got := tagOf(t, dir, "linux/amd64"); (got == was) != c.same {
				t.Errorf("tag %s, was %s; want the same: %v", got, was, c.same)
			}
		})
	}
	if got := tagOf(t, contextOf(t, base), "linux/arm64"); got == was || !strings.HasSuffix(got, "-linux-arm64") {
		t.Errorf("tag for another platform %s, was %s", got, was)
	}
}

func TestTagOfAContextThatCannotBeRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	if _, err := contentTag(missing, "linux/amd64"); err == nil || !strings.HasPrefix(err.Error(), "reading build context ") {
		t.Errorf("no folder: %v", err)
	}
	bad := contextOf(t, map[string]string{".dockerignore": "[", "Dockerfile": ""})
	if _, err := contentTag(bad, "linux/amd64"); err == nil || !strings.HasPrefix(err.Error(), "reading build context ") {
		t.Errorf("bad patterns: %v", err)
	}
}

// What the context is here: the Dockerfile and all that is compiled.
func TestTagOfServiceXFollowsItsSourcesAlone(t *testing.T) {
	ignored, err := readIgnored(filepath.Join(buildContext, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"main.go": false, "go.mod": false, "main_test.go": true, "testdata/x": true} {
		if got, err := ignored.MatchesOrParentMatches(name); err != nil || got != want {
			t.Errorf("%s is ignored: %v (%v), want %v", name, got, err, want)
		}
	}
}

func write(name, text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		file := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(text), 0o644))
	}
}

func chmod(name string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, name), mode)) }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
