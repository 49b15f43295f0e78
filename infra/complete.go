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
// the domain, the registry, and the platform. An image that is there already has
// the last two.
func completed(ctx *pulumi.Context, cfg config.Config, seen sighting) (config.Config, error) {
	if seen.cluster == nil {
		domain := note{}
		if cfg.Istio.ClusterDomain == "" {
			cfg.Istio.ClusterDomain = usualDomain
			domain.text = `clusterDomain is not set, and ` + whyUnasked(seen.blind) + `: "pulumi up" takes that of the cluster, this preview ` + usualDomain
		}
		return cfg, errors.Join(domain.tell(ctx), unasked(cfg.Image, seen.blind).tell(ctx))
	}
	limited, cancel := context.WithTimeout(ctx.Context(), lookLimit)
	defer cancel()
	istio, domain, wrongDomain := askForDomain(limited, seen.cluster, cfg.Istio)
	image, registry, platform, wrongImage := askForImage(limited, seen.cluster, cfg.Image)
	if err := errors.Join(wrongDomain, wrongImage); err != nil {
		return config.Config{}, err
	}
	cfg.Istio, cfg.Image = istio, image
	return cfg, errors.Join(domain.tell(ctx), registry.tell(ctx), platform.tell(ctx))
}

// askForImage completes what is to be built.
func askForImage(ctx context.Context, c *cluster, cfg config.Image) (image config.Image, registry, platform note, err error) {
	if cfg.Reference != "" {
		return cfg, note{}, note{}, nil
	}
	image, registry, wrongRegistry := askForRegistry(ctx, c, cfg)
	image, platform, wrongPlatform := askForPlatform(ctx, c, image)
	return image, registry, platform, errors.Join(wrongRegistry, wrongPlatform)
}

// unasked is what a preview cannot know that saw no cluster, and why it saw none:
// there is none, or it did not say, as where the user may not read it.
func unasked(cfg config.Image, blind error) note {
	why := whyUnasked(blind)
	switch {
	case cfg.Reference != "":
		return note{}
	case cfg.Repository == "":
		return note{text: fmt.Sprintf("image.repository is not set, and %s: \"pulumi up\" takes the registry that %s names, and the platform of the nodes\n%v", why, hostingPlace, blind)}
	case cfg.Platform == "":
		return note{text: fmt.Sprintf("image.platform is not set, and %s: \"pulumi up\" takes the platform of the nodes, this preview that of this machine\n%v", why, blind)}
	}
	return note{}
}

// whyUnasked is why a preview saw no cluster.
func whyUnasked(blind error) string {
	if _, there := errors.AsType[*answer](blind); there {
		return "the cluster did not say"
	}
	return "there is no cluster to ask"
}
