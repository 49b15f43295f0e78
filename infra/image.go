package main

import (
	"cmp"
	"fmt"
	"runtime"
	"strings"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// image is what the pods run.
type image struct {
	part      *component
	reference pulumi.StringOutput              // as the cluster pulls it
	digest    pulumi.StringOutput              // "sha256:..."; empty for a reference without one
	secrets   corev1.LocalObjectReferenceArray // with which it is pulled; may be nil
}

// newImage builds and pushes ServiceX, or takes the configured reference as it
// is, without any need of Docker.
func newImage(ctx *pulumi.Context, cfg config.Image, engine dockerEngine) (image, error) {
	part, err := newComponent(ctx, "Image")
	if err != nil {
		return image{}, err
	}
	if cfg.Reference != "" {
		return image{
			part:      part,
			reference: pulumi.String(cfg.Reference).ToStringOutput(),
			digest:    pulumi.String(config.Digest(cfg.Reference)).ToStringOutput(),
		}, nil
	}
	build := docker.DockerBuildArgs{
		Context: pulumi.String(buildContext),
		// ServiceX needs the standard library only: its build fetches nothing, and
		// works where containers have no way out.
		Network: pulumi.String("none"),
	}
	if cfg.Platform != "" {
		build.Platform = pulumi.String(cfg.Platform)
	}
	// Without a platform, the provider builds for this machine's.
	tag, err := contentTag(buildContext, cmp.Or(cfg.Platform, "linux/"+runtime.GOARCH))
	if err != nil {
		return image{}, err
	}
	var name pulumi.StringInput = pulumi.String(cfg.Repository + ":" + tag) // pods follow the digest
	if cfg.Repository == "" {
		name = unknown() // in a preview without a cluster, which would say it
	}
	there, err := engine.provider(ctx, part.child())
	if err != nil {
		return image{}, err
	}
	built, err := docker.NewImage(ctx, imageName, &docker.ImageArgs{ImageName: name, Build: build}, append(there, part.child())...)
	if err != nil {
		return image{}, fmt.Errorf("registering image %q: %w", imageName, err)
	}
	digest := built.RepoDigest.ApplyT(func(pushed string) (string, error) {
		if d := config.Digest(pushed); strings.HasPrefix(d, "sha256:") {
			return d, nil
		}
		return "", fmt.Errorf("reading the digest of image %q: the push answered %q, without one", cfg.Repository, pushed)
	}).(pulumi.StringOutput)
	return image{part: part, reference: pulumi.Sprintf("%s@%s", pullName(cfg), digest), digest: digest}, nil
}

// pullName is the repository as the cluster knows it.
func pullName(cfg config.Image) string {
	if cfg.PullRepository != "" {
		return cfg.PullRepository
	}
	return cfg.Repository
}

// unknown is a text that only an update will know.
func unknown() pulumi.StringOutput {
	return pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput)
}
