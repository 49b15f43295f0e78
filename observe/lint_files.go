package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/lint"
)

// files judges what is in files, and mends it where that is asked for. What cannot
// be read is told beside what was.
func (l *linting) files() (report lint.Report, unread, err error) {
	judge := func() {
		linter := lint.New(lint.Options{Pods: l.pods, Namespace: *l.cluster.Namespace})
		unread = lintAll(linter, l.paths)
		report = linter.Report()
	}
	judge()
	// The value of a field is read only once its name is right.
	for again := l.fix; again; {
		if again, err = l.mend(report); err != nil {
			return report, unread, err
		}
		judge()
	}
	return report, unread, nil
}

// mend writes the files of a report that can be mended, and tells whether there
// were any.
func (l *linting) mend(report lint.Report) (mended bool, err error) {
	for _, file := range report.Fixable() {
		content, err := os.ReadFile(file)
		if err != nil {
			return mended, fmt.Errorf("mending a manifest: %w", err)
		}
		fixed, n := report.Fixed(file, content)
		if n == 0 {
			continue
		}
		l.writing.Lock()
		err = rewrite(file, fixed)
		l.writing.Unlock()
		if err != nil {
			return mended, fmt.Errorf("mending a manifest: %w", err)
		}
		mended = true
		l.say(fmt.Sprintf("mended %s: %d", file, n))
	}
	return mended, nil
}

// rewrite replaces a file, or the one that a link names, as a whole or not at all.
func rewrite(file string, content []byte) error {
	file, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	was, err := os.Stat(file)
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	_, err = next.Write(content)
	err = errors.Join(err, next.Chmod(was.Mode().Perm()), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return nil
}

// lintAll reads all that is named, and fails on all of it that cannot be read.
func lintAll(linter *lint.Linter, paths []string) error {
	var errs []error
	for _, path := range paths {
		if path == "-" {
			content, err := io.ReadAll(os.Stdin)
			if err != nil {
				errs = append(errs, fmt.Errorf("reading stdin: %w", err))
			}
			errs = append(errs, linter.Add("stdin", content))
			continue
		}
		// A link to a folder is walked, too.
		root := path
		if found, err := os.Stat(path); err == nil && found.IsDir() {
			root += string(filepath.Separator) + "."
		}
		err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil: // said once for each place that cannot be read
				errs = append(errs, fmt.Errorf("reading manifests: %w", err))
			case entry.IsDir():
				if entry.Name() == ".git" {
					return filepath.SkipDir
				}
			case file == root || slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(file))):
				content, err := os.ReadFile(file)
				if err != nil {
					errs = append(errs, fmt.Errorf("reading a manifest: %w", err))
					return nil
				}
				errs = append(errs, linter.Add(file, content))
			}
			return nil
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
