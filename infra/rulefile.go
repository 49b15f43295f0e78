package main

import (
	"errors"
	"io/fs"

	"istio-circuit-breaker/internal/config"
	"istio-circuit-breaker/internal/rulefile"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	networking "istio.io/api/networking/v1alpha3"
)

// givenPolicy is the trafficPolicy of the user's own rule, and completes the
// configuration with what it says; nil where no file is configured.
func givenPolicy(ctx *pulumi.Context, cfg *config.Config) (*networking.TrafficPolicy, error) {
	if cfg.RuleFile == "" {
		return nil, nil
	}
	given, err := rulefile.Read(fromProject(cfg.RuleFile), cfg.RuleName)
	if err != nil {
		p := &config.Problem{Key: config.Project + ":rule.file", Value: cfg.RuleFile, Reason: err.Error(), Fix: "pulumi config rm rule.file"}
		if errors.Is(err, fs.ErrNotExist) {
			p.Reason, p.Allowed = "there is no such file", "a path, relative to Pulumi.yaml"
		}
		return nil, p
	}
	rule := given.Breaker()
	cfg.Given = &rule
	return given.Policy, ctx.Log.Info(given.Announced(serviceName+"."+cfg.Namespace.Name), nil)
}
