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

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lint"

	"github.com/spf13/cobra"
)

// errFound is that there are findings that fail the run; the report says which.
var errFound = errors.New("findings")

func lintCommand(c *call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lint FILE|FOLDER|-...",
		Short: "say what the outlierDetection in files of yours means, without a cluster",
		Long: `Reads DestinationRules, and VirtualServices, Services, workloads and rules of
Prometheus beside them, from YAML or JSON: files, folders with all that is below
them, or - for stdin. It says what each outlierDetection does, and where it does
something else than it seems to say. docs/lint.md has a section for each code. An
object takes a finding back with the annotation
` + lint.IgnoreAnnotation + `: "code: reason".

exit codes: 0 nothing, or infos and warnings only, 1 could not be done, 2 wrong usage,
3 an error was found, or with --strict a warning`,
		Example: "helm template chart | " + c.shown + " lint -\n" + c.shown + " lint --pods 3 -o sarif manifests >lint.sarif",
		Args:    cobra.ArbitraryArgs, // none are told with all else that is wrong
	}
	formats, levels := []string{"text", "json", "junit", "sarif", "github"}, []string{"info", "warning", "error"}
	flags := cmd.Flags()
	output := flags.StringP("output", "o", "text", "`format`: text, json, junit, sarif or github")
	strict := flags.Bool("strict", false, "exit with 3 on warnings, too")
	pods := flags.Int("pods", 0, "`number` of pods behind each host (default: what workloads in the files tell)")
	namespace := flags.StringP("namespace", "n", "default", "`name` of the namespace of objects that name none")
	fix := flags.Bool("fix", false, "mend in the files what can be mended for certain: spelling of fields, numbers in quotes")
	level := flags.String("level", "info", "least `severity` that is reported: info, warning or error")
	completeFlag(cmd, "output", oneOf(formats...))
	completeFlag(cmd, "level", oneOf(levels...))
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		fails := func(f lint.Finding) bool { return f.Severity == lint.Error || *strict && f.Severity == lint.Warning }
		write, known := map[string]func(lint.Report) error{
			"text":   func(r lint.Report) error { return r.Text(c.stdout) },
			"json":   func(r lint.Report) error { return r.JSON(c.stdout) },
			"junit":  func(r lint.Report) error { return r.JUnit(c.stdout, fails) },
			"sarif":  func(r lint.Report) error { return r.SARIF(c.stdout) },
			"github": func(r lint.Report) error { return r.GitHub(c.stdout) },
		}[*output]
		var problems []error
		if !known {
			problems = append(problems, fmt.Errorf("-o %s: not one of %s", *output, strings.Join(formats, ", ")))
		}
		if !slices.Contains(levels, *level) {
			problems = append(problems, fmt.Errorf("--level %s: not one of %s", *level, strings.Join(levels, ", ")))
		}
		if *pods < 0 || *pods > 1_000_000 {
			problems = append(problems, fmt.Errorf("--pods %d: must be 0 to 1000000", *pods))
		}
		if len(paths) == 0 {
			problems = append(problems, errors.New("takes files, folders or - for stdin, got none"))
		}
		if *fix && slices.Contains(paths, "-") {
			problems = append(problems, errors.New("--fix: cannot mend stdin"))
		}
		if err := errors.Join(problems...); err != nil {
			return wrong(cmd, err)
		}
		judge := func() (lint.Report, error) {
			linter := lint.New(lint.Options{Pods: *pods, Namespace: *namespace})
			unread := lintAll(linter, paths)
			return linter.Report(), unread
		}
		report, unread := judge()
		// The value of a field is read only once its name is right.
		for again := *fix; again; {
			var err error
			if again, err = c.mend(report); err != nil {
				return err
			}
			report, unread = judge()
		}
		if err := write(report.Least(lint.Severity(*level))); err != nil {
			return err
		}
		if unread != nil {
			return hint.With(unread, "render templates first, such as with `helm template`, and pipe them to `"+c.shown+" lint -`")
		}
		if slices.ContainsFunc(report.Findings, fails) {
			return errFound
		}
		return nil
	}
	return cmd
}

// mend writes the files of a report that can be mended, and tells whether there
// were any.
func (c *call) mend(report lint.Report) (mended bool, err error) {
	for _, file := range report.Fixable() {
		content, err := os.ReadFile(file)
		if err != nil {
			return mended, fmt.Errorf("mending a manifest: %w", err)
		}
		fixed, n := report.Fixed(file, content)
		if n == 0 {
			continue
		}
		if err := rewrite(file, fixed); err != nil {
			return mended, fmt.Errorf("mending a manifest: %w", err)
		}
		mended = true
		c.say(fmt.Sprintf("mended %s: %d", file, n))
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
