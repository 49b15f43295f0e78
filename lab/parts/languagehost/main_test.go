package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheTargetIsThatOfTheNearestProject(t *testing.T) {
	for name, c := range map[string]struct{ project, want string }{
		"options":         {"name: x\nruntime:\n  name: go\n  options:\n    buildTarget: ./bin\nmain: below\n", "./bin"},
		"no options":      {"name: x\nruntime:\n  name: go\n", ""},
		"a runtime alone": {"name: x\nruntime: go\n", ""},
		"another option":  {"name: x\nruntime:\n  name: go\n  options:\n    binary: x\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			below := filepath.Join(root, "below", "further")
			if err := os.MkdirAll(below, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "Pulumi.yaml"), []byte(c.project), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, folder := range []string{root, below} {
				if got, err := buildTarget(folder); err != nil || got != c.want {
					t.Errorf("in %q: got %q, %v, want %q", folder, got, err, c.want)
				}
			}
		})
	}
}

func TestAProjectThatCannotBeReadIsTold(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "Pulumi.yaml"), []byte("runtime: {options: [\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := buildTarget(root); err == nil {
		t.Errorf("got %q, want an error", got)
	}
}
