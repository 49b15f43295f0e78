package main

import (
	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// export writes what the user needs next.
func export(ctx *pulumi.Context, cfg config.Config, img image) {
	ctx.Export("serviceURL", pulumi.Sprintf("http://%s", host(cfg)))
	ctx.Export("namespace", pulumi.String(cfg.Namespace.Name))
	ctx.Export("imageDigest", img.digest)
	ctx.Export("rule", pulumi.String(cfg.Rule().Words(int(cfg.Replicas.Healthy), int(cfg.Replicas.Faulty))))
	ctx.Export("commands", pulumi.StringMap{
		"watch":  pulumi.String("go run ./observe watch"),
		"verify": pulumi.String("go run ./observe verify"),
		"tune":   pulumi.String("pulumi config set outlier.consecutiveErrors 3 && pulumi up"),
		"remove": pulumi.String("pulumi destroy"),
	})
}
