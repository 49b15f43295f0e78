package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lint"
)

// manifestEnds are those of files in a folder that are read.
var manifestEnds = []string{".yaml", ".yml", ".json"}

// errNothing is that there was nothing to read, as where a path is mistyped.
var errNothing = errors.New("there is nothing to read")

// lintAll reads all that is named, and fails on all of it that cannot be read. What
// it leaves out without being told so it says; the command is who reads.
func (c *call) lintAll(linter *lint.Linter, paths []string, command string, say func(string)) error {
	var errs []error
	for _, path := range paths {
		errs = append(errs, lintPath(linter, path, say))
	}
	err := errors.Join(errs...)
	switch {
	case errors.Is(err, lint.ErrTemplate):
		return hint.With(err, "render templates first, such as with `helm template`, and pipe them to `"+c.Shown+" "+command+" -`")
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(err, "look for a mistyped path; one that starts with no / is looked for in the folder that the command runs in")
	case errors.Is(err, errNothing):
		return hint.With(err, "in a folder files are read whose names end in "+strings.Join(manifestEnds, ", ")+"; in a pipe, look whether the command before it failed")
	}
	return err
}

func lintPath(linter *lint.Linter, path string, say func(string)) error {
	if path == "-" {
		content, err := io.ReadAll(os.Stdin)
		if err != nil {
			return fmt.Errorf("reading stdin: %w", err)
		}
		if len(bytes.TrimSpace(content)) == 0 {
			return fmt.Errorf("reading stdin: %w", errNothing)
		}
		return linter.Add("stdin", content)
	}
	// A link to a folder is walked, too.
	root := path
	if folder(path) {
		root += string(filepath.Separator) + "."
	}
	var errs []error
	read := 0
	errs = append(errs, filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil: // said once for each place that cannot be read
			errs = append(errs, fmt.Errorf("reading manifests: %w", err))
			read++
		case entry.IsDir():
			if entry.Name() == ".git" {
				return filepath.SkipDir
			}
		case entry.Type()&fs.ModeSymlink != 0 && file != root && folder(file):
			say(fmt.Sprintf("not read: %q is a link to a folder; name it to have it read", file))
		case file == root || slices.Contains(manifestEnds, strings.ToLower(filepath.Ext(file))):
			read++
			content, err := os.ReadFile(file)
			if err != nil {
				errs = append(errs, fmt.Errorf("reading a manifest: %w", err))
				return nil
			}
			errs = append(errs, linter.Add(file, content))
		}
		return nil
	}))
	if read == 0 {
		errs = append(errs, fmt.Errorf("reading manifests in %q: %w", path, errNothing))
	}
	return errors.Join(errs...)
}

// folder is whether a path is one, or a link to one.
func folder(path string) bool {
	found, err := os.Stat(path)
	return err == nil && found.IsDir()
}
