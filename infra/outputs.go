package main

import (
	"fmt"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// export writes what the user needs next.
func export(ctx *pulumi.Context, cfg config.Config, img image) {
	ctx.Export("serviceURL", pulumi.Sprintf("http://%s", host(cfg)))
	ctx.Export("namespace", pulumi.String(cfg.Namespace.Name))
	ctx.Export("imageDigest", img.digest)
	ctx.Export("rule", pulumi.String(ruleInWords(cfg)))
	ctx.Export("commands", pulumi.StringMap{
		"watch":  pulumi.String("go run ./observe watch"),
		"verify": pulumi.String("go run ./observe verify"),
		"tune":   pulumi.String("pulumi config set outlier.consecutiveErrors 3 && pulumi up"),
		"remove": pulumi.String("pulumi destroy"),
	})
}

// ruleInWords is the effective rule as a sentence.
func ruleInWords(cfg config.Config) string {
	o, r := cfg.Outlier, cfg.Replicas
	if !o.Enabled {
		return "no outlier detection: no pod is ever ejected"
	}
	return fmt.Sprintf("a pod that answers %d gateway errors (502, 503, 504) in a row is ejected for %s the first time, %s the second, and so on; at most %d of %d pods at once (%d%%)",
		o.ConsecutiveErrors, o.BaseEjectionTime, 2*o.BaseEjectionTime,
		config.Ejectable(o.MaxEjectionPercent, r.Total()), r.Total(), o.MaxEjectionPercent)
}
