package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// loadConfig returns a valid configuration, or every problem there is with it.
func loadConfig(ctx *pulumi.Context, raw map[string]string, secret []string) (config.Config, error) {
	cfg, err := config.Parse(raw, secret...)
	if err != nil {
		return config.Config{}, fmt.Errorf("reading the configuration of stack %q, before anything was made:\n%w", ctx.Stack(), err)
	}
	if err := checkChartFolder(cfg.Istio); err != nil {
		return config.Config{}, err
	}
	for _, warning := range cfg.Warnings() {
		if err := ctx.Log.Warn(warning, nil); err != nil {
			return config.Config{}, fmt.Errorf("logging a warning: %w", err)
		}
	}
	return cfg, nil
}

// rawConfig decodes PULUMI_CONFIG. The SDK's config package looks up keys that
// it is given; only the whole shows the keys that nobody asked for.
func rawConfig(env string) (map[string]string, error) {
	raw := map[string]string{}
	if env == "" {
		return raw, nil
	}
	if err := json.Unmarshal([]byte(env), &raw); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", pulumi.EnvConfig, err)
	}
	return raw, nil
}

// secretKeys decodes PULUMI_CONFIG_SECRET_KEYS, the keys that were set with
// --secret.
func secretKeys(env string) ([]string, error) {
	if env == "" {
		return nil, nil
	}
	var keys []string
	if err := json.Unmarshal([]byte(env), &keys); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", pulumi.EnvConfigSecretKeys, err)
	}
	return keys, nil
}

// checkChartFolder makes sure that a local chart folder holds both charts
// before the first resource is registered.
func checkChartFolder(istio config.Istio) error {
	if !istio.Install || isURL(istio.ChartRepository) {
		return nil
	}
	var errs []error
	for _, chart := range []string{"base", "istiod"} {
		file := filepath.Join(chartFolder(istio.ChartRepository), chart, "Chart.yaml")
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, &config.Problem{
				Key: config.Project + ":istio.chartRepository", Value: istio.ChartRepository,
				Reason:  fmt.Sprintf("there is no %s/Chart.yaml in that folder", chart),
				Allowed: "a folder that holds base/ and istiod/ (relative to Pulumi.yaml), or a URL",
				Fix:     "pulumi config rm istio.chartRepository",
			})
		} else if err != nil {
			errs = append(errs, fmt.Errorf("looking at chart %q: %w", file, err))
		}
	}
	return errors.Join(errs...)
}

func isURL(repository string) bool { return strings.Contains(repository, "://") }

// chartFolder is the folder as this program sees it: configured paths count
// from Pulumi.yaml, while Pulumi runs the program in infra/.
func chartFolder(path string) string {
	if path = expandHome(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join("..", path)
}
