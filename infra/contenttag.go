package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// buildContext is the folder that the image is built from. Relative, so that the
// state is the same on every machine; Pulumi runs the program, and so its
// plugins, in infra/.
const buildContext = "../servicex"

// contentTag is the image's tag: a hash of the files that its build may use, and
// the platform. Nothing else is ever pushed by that name, so that nothing is
// overwritten, also where a registry would not let it be.
func contentTag(dir, platform string) (string, error) {
	sum := sha256.New()
	if err := hashContext(sum, dir); err != nil {
		return "", fmt.Errorf("reading build context %q: %w", dir, err)
	}
	return fmt.Sprintf("%x-%s", sum.Sum(nil)[:8], strings.ReplaceAll(platform, "/", "-")), nil
}

// hashContext writes the files of a build context in lexical order: those that
// .dockerignore leaves, and the Dockerfile.
func hashContext(sum hash.Hash, dir string) error {
	ignored, err := readIgnored(filepath.Join(dir, ".dockerignore"))
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return fmt.Errorf("naming %q: %w", path, err)
		}
		name = filepath.ToSlash(name)
		skip, err := ignored.MatchesOrParentMatches(name)
		if err != nil || skip && name != "Dockerfile" {
			return err
		}
		return hashFile(sum, path, name)
	})
}

func readIgnored(file string) (*patternmatcher.PatternMatcher, error) {
	text, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return patternmatcher.New(nil)
	}
	if err != nil {
		return nil, err // already names the file
	}
	defer text.Close()
	patterns, err := ignorefile.ReadAll(text)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", file, err)
	}
	return patternmatcher.New(patterns)
}

// hashFile writes a file's name, kind, size and bytes; of a link, its target.
func hashFile(sum hash.Hash, path, name string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err // already names the file
	}
	// Of the mode, what a commit keeps: two checkouts under different umasks are
	// the same context.
	kind := "file"
	switch {
	case info.Mode().Type() == fs.ModeSymlink:
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "link %q %q\n", name, target)
		return nil
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is neither a file nor a link", name)
	case info.Mode()&0o111 != 0:
		kind = "executable"
	}
	fmt.Fprintf(sum, "%s %q %d\n", kind, name, info.Size())
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("reading %q: %w", name, err)
	}
	return nil
}
