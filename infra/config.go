package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	networking "istio.io/api/networking/v1alpha3"
	"sigs.k8s.io/yaml"
)

// loadConfig returns a valid configuration, with the policy of the user's own rule
// where there is one, or every problem there is with it.
func loadConfig(ctx *pulumi.Context, raw map[string]string, secret []string) (config.Config, *networking.TrafficPolicy, error) {
	cfg, err := config.Parse(raw, secret...)
	if err != nil {
		return config.Config{}, nil, fmt.Errorf("reading the configuration of stack %q, before anything was made:\n%w", ctx.Stack(), err)
	}
	given, err := givenPolicy(ctx, &cfg)
	if err := errors.Join(checkChartFolder(cfg.Istio), err); err != nil {
		return config.Config{}, nil, err
	}
	for _, warning := range cfg.Warnings() {
		if err := ctx.Log.Warn(warning, nil); err != nil {
			return config.Config{}, nil, fmt.Errorf("logging a warning: %w", err)
		}
	}
	return cfg, given, nil
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

// checkChartFolder makes sure that a local chart folder holds both charts, and
// none that is too old, before the first resource is registered.
func checkChartFolder(istio config.Istio) error {
	if !istio.Install || !istio.ChartsInFolder() {
		return nil
	}
	var errs []error
	for _, chart := range []string{"base", "istiod"} {
		file := filepath.Join(fromProject(istio.ChartRepository), chart, "Chart.yaml")
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, &config.Problem{
				Key: config.Project + ":istio.chartRepository", Value: istio.ChartRepository,
				Reason:  fmt.Sprintf("there is no %s/Chart.yaml in that folder", chart),
				Allowed: "a folder that holds base/ and istiod/ (relative to Pulumi.yaml), or a URL",
				Fix:     "pulumi config rm istio.chartRepository",
			})
			continue
		}
		if err == nil {
			err = checkChart(text)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("looking at chart %q: %w", file, err))
		}
	}
	return errors.Join(errs...)
}

// checkChart refuses the text of a Chart.yaml of a version that is too old.
func checkChart(text []byte) error {
	var chart struct {
		Version string `json:"version"`
	}
	if err := yaml.Unmarshal(text, &chart); err != nil {
		return err
	}
	return advise(config.LeastCharts.Check(chart.Version),
		"a folder with newer charts, or those of the internet: pulumi config rm istio.chartRepository")
}

// fromProject is a path as this program sees it: configured paths count from
// Pulumi.yaml, while Pulumi runs the program in infra/.
func fromProject(path string) string {
	if path = expandHome(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join("..", path)
}
