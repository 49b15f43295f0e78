package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"istio-circuit-breaker/internal/commandline"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/report"

	"github.com/spf13/cobra"
)

func reportCommand(c *call) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report RUN.jsonl",
		Short: "make one HTML page of a recorded run",
		Long: `Makes a page of a run that watch, verify or compare recorded with --record: the
verdict, what was configured and measured, charts and the log. It is one file
that needs no network, and prints the file's name.`,
		Example:           c.Shown + " report run.jsonl -o run.html",
		Args:              commandline.Takes(1, 1, "one recording"),
		ValidArgsFunction: recordings,
	}
	flags := cmd.Flags()
	out := flags.StringP("output", "o", "", "write the page to `file`, or to stdout with - (default: the recording's name with .html)")
	asJSON := flags.Bool("json", false, "print the figures as one JSON object; the page is written only where -o says so")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *asJSON && *out == "-" {
			return commandline.Wrong(cmd, errors.New("-o - and --json: both write to stdout"))
		}
		entries, err := c.readRecording(args[0])
		if err != nil {
			return err
		}
		r, err := report.Of(entries)
		if err != nil {
			return hint.With(fmt.Errorf("reading %q: %w", args[0], err), "make a recording with `"+c.Shown+" watch --record RUN.jsonl`")
		}
		if *asJSON {
			figures := json.NewEncoder(c.stdout)
			figures.SetIndent("", "  ")
			if err := figures.Encode(r); err != nil {
				return fmt.Errorf("printing the figures: %w", err)
			}
			if *out == "" {
				return nil
			}
		}
		if *out == "-" {
			return r.HTML(c.stdout)
		}
		if *out == "" {
			*out = strings.TrimSuffix(args[0], ".jsonl") + ".html"
		}
		var page bytes.Buffer
		if err := r.HTML(&page); err != nil {
			return err
		}
		if err := replaceFile(*out, page.Bytes(), args[0]); err != nil {
			return err
		}
		if !*asJSON {
			fmt.Fprintln(c.stdout, *out)
		}
		return nil
	}
	return cmd
}

// replaceFile writes a file as a whole or not at all. It refuses to replace what
// is no file, such as a device, and the recording itself.
func replaceFile(path string, content []byte, recording string) error {
	if known, err := os.Stat(path); err == nil {
		if !known.Mode().IsRegular() {
			return fmt.Errorf("writing the page: %q is not a regular file", path)
		}
		if source, err := os.Stat(recording); err == nil && os.SameFile(known, source) {
			return fmt.Errorf("writing the page: %q is the recording itself", path)
		}
	}
	// In the same folder, so that renaming does not copy.
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing the page: %w", err), os.Remove(file.Name()))
	}
	return nil
}
