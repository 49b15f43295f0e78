package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// buildContext is what the engine gets to see of a context folder: the files
// that .dockerignore leaves, in lexical order, and the Dockerfile in any case.
type buildContext struct {
	// dockerfile is the Dockerfile's name in the archive.
	dockerfile string
	files      []file
}

// file is one entry of the archive. Owner and times are left out, so that two
// checkouts of the same files are the same context.
type file struct {
	name string // in the archive, with slashes
	path string // on disk
	mode fs.FileMode
	link string // target of a symbolic link
}

// readContext lists the files of the context folder dir for a Dockerfile that
// may lie inside of it or elsewhere. Both paths are relative to the program.
func readContext(dir, dockerfile string) (buildContext, error) {
	rel, inside, err := relativeTo(dir, dockerfile)
	if err != nil {
		return buildContext{}, err
	}
	ignore, err := ignored(dir, dockerfile)
	if err != nil {
		return buildContext{}, err
	}
	// A walk does not follow a link at its start.
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return buildContext{}, fmt.Errorf("reading build context: %w", err)
	}
	c := buildContext{dockerfile: rel}
	walk := func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || name == "." {
			return err
		}
		name = filepath.ToSlash(name)
		skip, err := ignore.MatchesOrParentMatches(name)
		if err != nil {
			return err
		}
		if skip && name != rel {
			// Below an ignored folder, "!" patterns and the Dockerfile may still name files.
			if entry.IsDir() && !ignore.Exclusions() && !hasParent(rel, name) {
				return fs.SkipDir
			}
			return nil
		}
		return c.add(name, path)
	}
	if err := filepath.WalkDir(root, walk); err != nil {
		return buildContext{}, fmt.Errorf("reading build context %q: %w", dir, err)
	}
	if !inside {
		// A name that no file of the context has; Docker's own client does the same.
		c.dockerfile = ".dockerfile.outside-of-context"
		if err := c.add(c.dockerfile, dockerfile); err != nil {
			return buildContext{}, err
		}
	}
	return c, nil
}

func hasParent(name, parent string) bool {
	return len(name) > len(parent) && name[:len(parent)+1] == parent+"/"
}

// ignored reads the patterns of Dockerfile.dockerignore beside the Dockerfile,
// or else of .dockerignore in the context.
func ignored(dir, dockerfile string) (*patternmatcher.PatternMatcher, error) {
	var patterns []string
	for _, path := range []string{dockerfile + ".dockerignore", filepath.Join(dir, ".dockerignore")} {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading ignore patterns: %w", err)
		}
		if patterns, err = ignorefile.ReadAll(bytes.NewReader(data)); err != nil {
			return nil, fmt.Errorf("reading ignore patterns of %q: %w", path, err)
		}
		break
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("reading ignore patterns for context %q: %w", dir, err)
	}
	return matcher, nil
}

func (c *buildContext) add(name, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	f := file{name: name, path: path, mode: info.Mode()}
	switch info.Mode().Type() {
	case fs.ModeSymlink:
		if f.link, err = os.Readlink(path); err != nil {
			return err
		}
	case fs.ModeSocket:
		return nil // as Docker's own client does
	case 0, fs.ModeDir:
	default:
		return fmt.Errorf("%q is neither file, folder nor link", path)
	}
	c.files = append(c.files, f)
	return nil
}

// digest changes with the name, mode or content of any file, and with nothing else.
func (c buildContext) digest() (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", c.dockerfile)
	for _, f := range c.files {
		fmt.Fprintf(sum, "%q %v %q\n", f.name, f.mode, f.link)
		if !f.mode.IsRegular() {
			continue
		}
		content := sha256.New()
		if err := f.copyTo(content); err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%x\n", content.Sum(nil))
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// writeTar writes the archive for the engine: the same bytes for the same
// digest, all files owned by root, with times zero.
func (c buildContext) writeTar(w io.Writer) error {
	archive := tar.NewWriter(w)
	for _, f := range c.files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Linkname: f.link, Mode: int64(f.mode.Perm())}
		switch f.mode.Type() {
		case fs.ModeDir:
			header.Typeflag, header.Name = tar.TypeDir, f.name+"/"
		case fs.ModeSymlink:
			header.Typeflag = tar.TypeSymlink
		default:
			info, err := os.Stat(f.path)
			if err != nil {
				return fmt.Errorf("archiving build context: %w", err)
			}
			header.Size = info.Size()
		}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("archiving %q: %w", f.path, err)
		}
		if f.mode.IsRegular() {
			if err := f.copyTo(archive); err != nil {
				return err
			}
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("archiving build context: %w", err)
	}
	return nil
}

func (f file) copyTo(w io.Writer) error {
	r, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("reading build context: %w", err)
	}
	defer r.Close()
	if _, err := io.Copy(w, r); err != nil {
		return fmt.Errorf("reading %q of the build context: %w", f.path, err)
	}
	return nil
}
