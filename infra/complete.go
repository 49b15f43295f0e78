package main

import (
	"context"
	"errors"
	"fmt"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// note is what the user did not say and should know; without a text, nothing.
type note struct {
	text string
	warn bool
}

func (n note) tell(ctx *pulumi.Context) error {
	log := ctx.Log.Info
	switch {
	case n.text == "":
		return nil
	case n.warn:
		log = ctx.Log.Warn
	}
	if err := log(n.text, nil); err != nil {
		return fmt.Errorf("logging a note: %w", err)
	}
	return nil
}

// completed is the configuration with what it leaves to the cluster filled in:
// the registry, and the platform. An image that is there already has both.
func completed(ctx *pulumi.Context, cfg config.Config, seen sighting) (config.Config, error) {
	if seen.cluster == nil {
		return cfg, unasked(cfg.Image).tell(ctx)
	}
	if cfg.Image.Reference != "" {
		return cfg, nil
	}
	limited, cancel := context.WithTimeout(ctx.Context(), lookLimit)
	defer cancel()
	image, registry, wrongRegistry := askForRegistry(limited, seen.cluster, cfg.Image)
	image, platform, wrongPlatform := askForPlatform(limited, seen.cluster, image)
	if err := errors.Join(wrongRegistry, wrongPlatform); err != nil {
		return config.Config{}, err
	}
	cfg.Image = image
	return cfg, errors.Join(registry.tell(ctx), platform.tell(ctx))
}

// unasked is what a preview without a cluster cannot know.
func unasked(cfg config.Image) note {
	switch {
	case cfg.Reference != "":
		return note{}
	case cfg.Repository == "":
		return note{text: `image.repository is not set, and there is no cluster to ask: "pulumi up" takes the registry that ` + hostingPlace + ` names, and the platform of the nodes`}
	case cfg.Platform == "":
		return note{text: `image.platform is not set, and there is no cluster to ask: "pulumi up" takes the platform of the nodes, this preview that of this machine`}
	}
	return note{}
}
