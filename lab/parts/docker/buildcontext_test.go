package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var sources = map[string]string{
	"app/Dockerfile":                 "FROM scratch",
	"app/.dockerignore":              ".dockerignore\nDockerfile\nout\n!out/keep.txt\n*.log\n",
	"app/main.go":                    "package main",
	"app/sub/x.go":                   "package sub",
	"app/sub/note.log":               "kept: the pattern is for the top only",
	"app/debug.log":                  "ignored",
	"app/out/a.bin":                  "ignored",
	"app/out/keep.txt":               "kept",
	"other/Containerfile":            "FROM other",
	"narrow/Dockerfile":              "FROM narrow",
	"narrow/a.txt":                   "a",
	"narrow/b.txt":                   "b",
	"narrow/.dockerignore":           "a.txt",
	"narrow/Dockerfile.dockerignore": "b.txt",
	"deep/build/Dockerfile":          "FROM deep",
	"deep/build/rest.txt":            "ignored",
	"deep/.dockerignore":             "build",
}

func names(t *testing.T, dir, dockerfile string) (string, []string) {
	t.Helper()
	c, err := readContext(dir, dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range c.files {
		got = append(got, f.name)
	}
	return c.dockerfile, got
}

func TestContextHoldsWhatIsNotIgnored(t *testing.T) {
	inDir(t, sources)
	if err := os.Symlink("app", "link"); err != nil {
		t.Fatal(err)
	}
	app := []string{".dockerignore", "Dockerfile", "main.go", "out/keep.txt", "sub", "sub/note.log", "sub/x.go"}
	tests := map[string]struct {
		dir, dockerfile, inArchive string
		want                       []string
	}{
		"an ignored Dockerfile and .dockerignore are sent all the same": {"app", "app/Dockerfile", "Dockerfile", app},
		"a context may be a link":                                {"link", "link/Dockerfile", "Dockerfile", app},
		"a Dockerfile from elsewhere is added":                   {"narrow", "other/Containerfile", ".dockerfile.outside-of-context", []string{".dockerignore", "Dockerfile", "Dockerfile.dockerignore", "b.txt", ".dockerfile.outside-of-context"}},
		"patterns beside the Dockerfile go first":                {"narrow", "narrow/Dockerfile", "Dockerfile", []string{".dockerignore", "Dockerfile", "Dockerfile.dockerignore", "a.txt"}},
		"a Dockerfile in an ignored folder is sent all the same": {"deep", "deep/build/Dockerfile", "build/Dockerfile", []string{".dockerignore", "build/Dockerfile"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inArchive, got := names(t, tt.dir, tt.dockerfile)
			if inArchive != tt.inArchive {
				t.Errorf("Dockerfile is named %q, want %q", inArchive, tt.inArchive)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
		})
	}
}

func TestDigestAndArchiveChangeWith(t *testing.T) {
	tests := map[string]struct {
		change  func(t *testing.T)
		changed bool
	}{
		"nothing":                {func(*testing.T) {}, false},
		"not with times":         {func(t *testing.T) { must(t, os.Chtimes("app/main.go", time.Unix(1, 0), time.Unix(1, 0))) }, false},
		"not with ignored files": {func(t *testing.T) { write(t, "app/debug.log", "more"); write(t, "app/out/b", "new") }, false},
		"content":                {func(t *testing.T) { write(t, "app/sub/x.go", "package changed") }, true},
		"the ignored Dockerfile": {func(t *testing.T) { write(t, "app/Dockerfile", "FROM x") }, true},
		"setuid":                 {func(t *testing.T) { must(t, os.Chmod("app/main.go", 0o644|os.ModeSetuid)) }, true},
		"modes":                  {func(t *testing.T) { must(t, os.Chmod("app/main.go", 0o755)) }, true},
		"names":                  {func(t *testing.T) { must(t, os.Rename("app/main.go", "app/main2.go")) }, true},
		"new files":              {func(t *testing.T) { write(t, "app/new.go", "") }, true},
		"the target of a link":   {func(t *testing.T) { must(t, os.Remove("app/l")); must(t, os.Symlink("sub", "app/l")) }, true},
	}
	read := func(t *testing.T) (string, []byte) {
		t.Helper()
		c, err := readContext("app", filepath.Join("app", "Dockerfile"))
		must(t, err)
		digest, err := c.digest()
		must(t, err)
		var archive bytes.Buffer
		must(t, c.writeTar(&archive))
		return digest, archive.Bytes()
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inDir(t, sources)
			must(t, os.Symlink("main.go", "app/l"))
			digest, archive := read(t)
			tt.change(t)
			digest2, archive2 := read(t)
			if got := digest != digest2; got != tt.changed {
				t.Errorf("digest changed: %v, want %v", got, tt.changed)
			}
			if got := !bytes.Equal(archive, archive2); got != tt.changed {
				t.Errorf("archive changed: %v, want %v", got, tt.changed)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestALinkedDockerfileFromElsewhereIsSentAsItsContent(t *testing.T) {
	inDir(t, sources)
	must(t, os.Symlink("Containerfile", "other/linked"))
	read := func() (string, map[string]string) {
		c, err := readContext("narrow", "other/linked")
		must(t, err)
		digest, err := c.digest()
		must(t, err)
		return digest, contents(t, c)
	}
	before, files := read()
	if got := files[".dockerfile.outside-of-context"]; got != "FROM other" {
		t.Errorf("the Dockerfile is sent as %q, want the content of the file that the link leads to", got)
	}
	write(t, "other/Containerfile", "FROM changed")
	if after, _ := read(); after == before {
		t.Error("a change of the file that the link leads to is not seen")
	}
}

func TestArchiveKeepsTheSpecialBitsOfModes(t *testing.T) {
	inDir(t, sources)
	for name, mode := range map[string]os.FileMode{"app/main.go": 0o755 | os.ModeSetuid | os.ModeSetgid, "app/sub": 0o777 | os.ModeSticky} {
		must(t, os.Chmod(name, mode))
	}
	c, err := readContext("app", "app/Dockerfile")
	must(t, err)
	var archive bytes.Buffer
	must(t, c.writeTar(&archive))
	got := map[string]int64{}
	for r := tar.NewReader(&archive); ; {
		h, err := r.Next()
		if err != nil {
			break
		}
		got[h.Name] = h.Mode
	}
	if got["main.go"] != 0o6755 || got["sub/"] != 0o1777 {
		t.Errorf("modes %o and %o, want 6755 and 1777", got["main.go"], got["sub/"])
	}
}

func contents(t *testing.T, c buildContext) map[string]string {
	t.Helper()
	var archive bytes.Buffer
	must(t, c.writeTar(&archive))
	files := map[string]string{}
	for r := tar.NewReader(&archive); ; {
		h, err := r.Next()
		if err != nil {
			return files
		}
		content, err := io.ReadAll(r)
		must(t, err)
		files[h.Name] = string(content)
	}
}
