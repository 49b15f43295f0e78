package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"istio-circuit-breaker/internal/config"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/rulefile"
)

// labMark is in the environment of what `lab exec` runs.
const labMark = "ISTIO_CIRCUIT_BREAKER_LAB"

// currentStack is the stack that a command is about where it does not say.
func currentStack() string {
	switch {
	case os.Getenv("PULUMI_STACK") != "": // as Pulumi itself takes it
		return os.Getenv("PULUMI_STACK")
	case os.Getenv(labMark) != "":
		return "lab"
	default:
		return "dev"
	}
}

// stacks are those that have a file in a folder.
func stacks(folder string) []string {
	files, _ := filepath.Glob(filepath.Join(folder, "Pulumi.*.yaml"))
	for i, file := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")
	}
	return files
}

// stackConfig reads a stack file with some settings replaced.
func stackConfig(path string, settings map[string]*string) (config.Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return config.Config{}, hint.With(fmt.Errorf("reading the stack's configuration: %w", err),
			"run it in the folder of Pulumi.yaml, or name the file with --config")
	}
	if err != nil {
		return config.Config{}, fmt.Errorf("reading the stack's configuration: %w", err)
	}
	project, err := projectName(filepath.Join(filepath.Dir(path), "Pulumi.yaml"))
	if err != nil {
		return config.Config{}, err
	}
	raw, err := config.FromStackFile(text, project)
	if err != nil {
		return config.Config{}, fmt.Errorf("reading %q: %w", path, err)
	}
	for key, value := range settings {
		if *value != "" {
			config.Override(raw, key, *value)
		}
	}
	cfg, err := config.Parse(raw)
	if err != nil {
		return config.Config{}, fmt.Errorf("reading %q: %w", path, err)
	}
	if cfg.RuleFile == "" {
		return cfg, nil
	}
	own := cfg.RuleFile
	if !filepath.IsAbs(own) {
		own = filepath.Join(filepath.Dir(path), own)
	}
	given, err := rulefile.Read(own, cfg.RuleName)
	if err != nil {
		return config.Config{}, fmt.Errorf("reading rule.file of %q: %w", path, err)
	}
	rule := given.Breaker()
	cfg.Given = &rule
	return cfg, nil
}

// projectName is the name in the project file beside a stack file; ours, where
// the stack file stands alone.
func projectName(path string) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return config.Project, nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the project's name: %w", err)
	}
	name, err := config.ProjectName(text)
	if err != nil {
		return "", fmt.Errorf("reading %q: %w", path, err)
	}
	return name, nil
}
