// Command image is a Pulumi program of the end-to-end tests: an image that is built
// and pushed. Its name, the context's folder and the builder are its settings, and,
// where the docker command's are not to be used, the credentials.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(image) }

func image(ctx *pulumi.Context) error {
	set := func(key string) string {
		value, _ := ctx.GetConfig("image:" + key)
		return value
	}
	args := &docker.ImageArgs{
		ImageName: pulumi.String(set("name")),
		Build: docker.DockerBuildArgs{
			Context:        pulumi.String(set("context")),
			BuilderVersion: docker.BuilderVersion(set("builder")),
		},
	}
	if user := set("username"); user != "" {
		password := pulumi.ToSecret(pulumi.String(set("password"))).(pulumi.StringOutput)
		args.Registry = docker.RegistryArgs{Username: pulumi.String(user), Password: password}
	}
	built, err := docker.NewImage(ctx, "image", args)
	if err != nil {
		return fmt.Errorf("registering the image: %w", err)
	}
	ctx.Export("digest", built.RepoDigest)
	return nil
}
