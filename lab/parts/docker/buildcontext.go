package main

import (
	"archive/tar"
	"bytes"
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
// that .dockerignore leaves, in lexical order, and the Dockerfile and
// .dockerignore itself in any case, as Docker's own client sends them.
type buildContext struct {
	dockerfile string // the Dockerfile's name in the archive
	source     string // the Dockerfile on disk
	files      []file
}

// file is one entry of the archive. Owner and times are left out, so that two
// checkouts of the same files are the same context.
type file struct {
	name string // in the archive, with slashes
	path string // on disk
	mode fs.FileMode
	link string // target of a symbolic link

	// unasked says that the file is sent in spite of .dockerignore, or is not of
	// the context at all: it is no part of the digest.
	unasked bool
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
	c := buildContext{dockerfile: rel, source: dockerfile}
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
		if skip && name != rel && name != ignoreFile {
			// Below an ignored folder, "!" patterns and the Dockerfile may still name files.
			if entry.IsDir() && !ignore.Exclusions() && !hasParent(rel, name) {
				return fs.SkipDir
			}
			return nil
		}
		return c.add(name, path, skip, os.Lstat)
	}
	if err := filepath.WalkDir(root, walk); err != nil {
		return buildContext{}, fmt.Errorf("reading build context %q: %w", dir, err)
	}
	if !inside {
		// A name that no file of the context has; Docker's own client does the same.
		c.dockerfile = ".dockerfile.outside-of-context"
		// A link's target would not be in the archive.
		if err := c.add(c.dockerfile, dockerfile, true, os.Stat); err != nil {
			return buildContext{}, err
		}
	}
	return c, nil
}

const ignoreFile = ".dockerignore"

func hasParent(name, parent string) bool {
	return len(name) > len(parent) && name[:len(parent)+1] == parent+"/"
}

// ignored reads the patterns of Dockerfile.dockerignore beside the Dockerfile,
// or else of .dockerignore in the context.
func ignored(dir, dockerfile string) (*patternmatcher.PatternMatcher, error) {
	var patterns []string
	for _, path := range []string{dockerfile + ".dockerignore", filepath.Join(dir, ignoreFile)} {
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

func (c *buildContext) add(name, path string, unasked bool, stat func(string) (fs.FileInfo, error)) error {
	info, err := stat(path)
	if err != nil {
		return err
	}
	f := file{name: name, path: path, mode: info.Mode(), unasked: unasked}
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

// writeTar writes the archive for the engine: the same bytes for the same files,
// all of them owned by root, with times zero.
func (c buildContext) writeTar(w io.Writer) error {
	archive := tar.NewWriter(w)
	for _, f := range c.files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Linkname: f.link, Mode: tarMode(f.mode)}
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

// tarMode has setuid, setgid and sticky where tar has them.
func tarMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	for flag, bit := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if mode&flag != 0 {
			bits |= bit
		}
	}
	return bits
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
