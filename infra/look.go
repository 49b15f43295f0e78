package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// lookLimit bounds the look at the cluster before anything is made.
const lookLimit = 20 * time.Second

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

// look asks the cluster, before anything is declared, whether the stack may be
// made there, and for what the configuration leaves to it. It returns the
// configuration with that filled in, or every problem there is.
//
// A preview without a cluster goes on: nothing is made by it.
func (p program) look(ctx *pulumi.Context, cfg config.Config) (config.Config, error) {
	limited, cancel := context.WithTimeout(ctx.Context(), lookLimit)
	defer cancel()
	c, err := p.connect()
	if err == nil {
		err = errors.Join(namespaceProblems(limited, c, cfg, ctx.Stack())...)
	}
	var foreign *ownershipError
	switch {
	case err == nil, errors.As(err, &foreign):
	case ctx.DryRun():
		return cfg, unasked(cfg.Image).tell(ctx)
	default:
		return config.Config{}, err
	}
	image, notes, problem := askForImage(limited, c, cfg.Image)
	if err := errors.Join(err, problem); err != nil {
		return config.Config{}, err
	}
	for _, n := range notes {
		if err := n.tell(ctx); err != nil {
			return config.Config{}, err
		}
	}
	cfg.Image = image
	return cfg, nil
}

// askForImage fills in what the settings leave to the cluster: the registry, and
// the platform. An image that is there already has both.
func askForImage(ctx context.Context, c *cluster, cfg config.Image) (config.Image, []note, error) {
	if cfg.Reference != "" {
		return cfg, nil, nil
	}
	cfg, registry, wrongRegistry := askForRegistry(ctx, c, cfg)
	cfg, platform, wrongPlatform := askForPlatform(ctx, c, cfg)
	return cfg, []note{registry, platform}, errors.Join(wrongRegistry, wrongPlatform)
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
