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
		return p.ask(limited, ctx, c, cfg, err)
	case !ctx.DryRun():
		return config.Config{}, err
	case !cfg.Image.Named():
		return cfg, tell(ctx, "image.repository is not set, and there is no cluster to ask for its registry: what this preview cannot know, \"pulumi up\" reads from "+hostingPlace)
	}
	return cfg, nil
}

// ask is the part of look for which the cluster has to answer; before is what is
// wrong already.
func (p program) ask(limited context.Context, ctx *pulumi.Context, c *cluster, cfg config.Config, before error) (config.Config, error) {
	if cfg.Image.Named() {
		return cfg, before
	}
	found, err := findRegistry(limited, c)
	if err := errors.Join(before, err); err != nil {
		return config.Config{}, err
	}
	cfg.Image = found.complete(cfg.Image)
	return cfg, tell(ctx, fmt.Sprintf("the registry is that of the cluster (%s): the image goes to %s, pods pull from %s; image.repository would win",
		hostingPlace, cfg.Image.Repository, pullName(cfg.Image)))
}

// tell prints what the user did not say and should know.
func tell(ctx *pulumi.Context, text string) error {
	if err := ctx.Log.Info(text, nil); err != nil {
		return fmt.Errorf("logging a note: %w", err)
	}
	return nil
}
