package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"istio-circuit-breaker/internal/lint"
)

// files judges what is in files, and mends it where that is asked for. What cannot
// be read is told beside what was.
func (l *linting) files() (report lint.Report, unread, err error) {
	said := map[string]bool{} // once, however often files are read
	judge := func() {
		linter := lint.New(lint.Options{Pods: l.pods, Namespace: *l.cluster.Namespace})
		unread = l.lintAll(linter, l.paths, "lint", func(line string) {
			if !said[line] {
				l.say(line)
			}
			said[line] = true
		})
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
