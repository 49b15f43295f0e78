package main

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// image is what the pods run.
type image struct {
	reference pulumi.StringOutput // as the cluster pulls it
	digest    pulumi.StringOutput // "sha256:..."; empty for a reference without one
}

// newImage builds and pushes ServiceX, or takes the configured reference as it
// is, without any need of Docker.
func newImage(ctx *pulumi.Context, cfg config.Image) (image, error) {
	if cfg.Reference != "" {
		return image{
			reference: pulumi.String(cfg.Reference).ToStringOutput(),
			digest:    pulumi.String(config.Digest(cfg.Reference)).ToStringOutput(),
		}, nil
	}
	build := docker.DockerBuildArgs{
		// Relative, so that the state is the same on every machine; Pulumi runs
		// the program, and so its plugins, in infra/.
		Context: pulumi.String("../servicex"),
		// ServiceX needs the standard library only: its build fetches nothing, and
		// works where containers have no way out.
		Network: pulumi.String("none"),
	}
	if cfg.Platform != "" {
		build.Platform = pulumi.String(cfg.Platform)
	}
	built, err := docker.NewImage(ctx, "servicex", &docker.ImageArgs{
		// The tag is for people; pods follow the digest.
		ImageName: pulumi.String(cfg.Repository + ":latest"),
		Build:     build,
	})
	if err != nil {
		return image{}, fmt.Errorf("registering image %q: %w", cfg.Repository, err)
	}
	digest := built.RepoDigest.ApplyT(func(pushed string) (string, error) {
		if d := config.Digest(pushed); strings.HasPrefix(d, "sha256:") {
			return d, nil
		}
		return "", fmt.Errorf("reading the digest of image %q: the push answered %q, without one", cfg.Repository, pushed)
	}).(pulumi.StringOutput)
	return image{reference: pulumi.Sprintf("%s@%s", pullName(cfg), digest), digest: digest}, nil
}

// pullName is the repository as the cluster knows it.
func pullName(cfg config.Image) string {
	if cfg.PullRepository != "" {
		return cfg.PullRepository
	}
	return cfg.Repository
}
