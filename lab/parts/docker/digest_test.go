package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The digests were computed apart from this program, by a script after the
// description of what the published plugin does.
func TestDigestIsThatOfThePublishedPlugin(t *testing.T) {
	tests := map[string]struct {
		change func(t *testing.T)
		want   string
	}{
		"ignored files, an ignored Dockerfile and folders are left out": {func(*testing.T) {}, "dda068a19393aec44412c1664b36562213699e03680660cf14f9f5bf63236eb8"},
		"an empty folder and a folder's mode are no change": {func(t *testing.T) {
			must(t, os.Mkdir("app/empty", 0o755))
			must(t, os.Chmod("app/sub", 0o700))
		}, "dda068a19393aec44412c1664b36562213699e03680660cf14f9f5bf63236eb8"},
		"a link counts as the path that it leads to": {func(t *testing.T) { must(t, os.Symlink("sub/x.go", "app/l")) }, "c61180c8e9867c56fcf073561207803d4a5e1229f5263d9c866b9ab13f218657"},
		"setuid counts": {func(t *testing.T) { must(t, os.Chmod("app/main.go", 0o755|os.ModeSetuid)) }, "6cd67685b315d9f0d39bde09cc0a279c0375efe50181b448c0c301f3d1e3636d"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inDir(t, sources)
			tt.change(t)
			c, err := readContext("app", filepath.Join("app", "Dockerfile"))
			must(t, err)
			if got, err := c.digest(); err != nil || got != tt.want {
				t.Errorf("digest %s, error %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestALinkThatLeadsNowhereIsNoErrorOfTheDigest(t *testing.T) {
	inDir(t, sources)
	must(t, os.Symlink("nowhere", "app/l"))
	c, err := readContext("app", filepath.Join("app", "Dockerfile"))
	must(t, err)
	if _, err := c.digest(); err != nil {
		t.Error(err)
	}
}
