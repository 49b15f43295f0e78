// Command languagehost starts Pulumi's Go language host for an engine that is
// newer. Since 3.67 the engine hands a project's options over in its requests,
// which the host of 3.66 does not read: it takes them as flags.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"gopkg.in/yaml.v3"
)

func main() {
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func start() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the language host: %w", err)
	}
	// The host was built into the same folder.
	host := filepath.Join(filepath.Dir(self), "pulumi-language-go")
	args := []string{host}
	folder, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("finding the project: %w", err)
	}
	target, err := buildTarget(folder)
	if err != nil {
		return err
	}
	if target != "" {
		args = append(args, "-buildTarget="+target)
	}
	if err := syscall.Exec(host, append(args, os.Args[1:]...), os.Environ()); err != nil {
		return fmt.Errorf("starting %q: %w", host, err)
	}
	return nil
}

// buildTarget is the option of the nearest Pulumi.yaml in or above the folder, ""
// where it has none, or there is no project.
func buildTarget(folder string) (string, error) {
	path := filepath.Join(folder, "Pulumi.yaml")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if above := filepath.Dir(folder); above != folder {
			return buildTarget(above)
		}
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading %q: %w", path, err)
	}
	var project struct {
		// Runtime is a name alone, or a name with options.
		Runtime yaml.Node `yaml:"runtime"`
	}
	if err := yaml.Unmarshal(text, &project); err != nil {
		return "", fmt.Errorf("parsing %q: %w", path, err)
	}
	if project.Runtime.Kind != yaml.MappingNode {
		return "", nil
	}
	var runtime struct {
		Options struct {
			BuildTarget string `yaml:"buildTarget"`
		} `yaml:"options"`
	}
	if err := project.Runtime.Decode(&runtime); err != nil {
		return "", fmt.Errorf("parsing %q: %w", path, err)
	}
	return runtime.Options.BuildTarget, nil
}
