package main

import (
	"cmp"
	"fmt"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// export writes what the user needs next.
func (p program) export(ctx *pulumi.Context, cfg config.Config, img image) error {
	commands := p.commands(cfg, ctx.Stack())
	plain := map[string]string{
		"serviceURL": "http://" + host(cfg),
		"namespace":  cfg.Namespace.Name,
		"mesh":       meshInWords(cfg.Istio),
		"pods":       podsInWords(cfg),
		"rule":       cfg.Rule().Words(int(cfg.Replicas.Healthy), int(cfg.Replicas.Faulty)),
	}
	for name, value := range plain {
		ctx.Export(name, pulumi.String(value))
	}
	ctx.Export("commands", pulumi.ToStringMap(commands))
	ctx.Export("imageDigest", img.digest)
	for name, command := range commands {
		plain["commands."+name] = command
	}
	readme, err := fillReadme(readmeText, plain)
	if err != nil {
		return err
	}
	ctx.Export("readme", pulumi.String(readme))
	return nil
}

// meshInWords says which mesh the rule is in.
func meshInWords(cfg config.Istio) string {
	switch {
	case !cfg.Install:
		return "one that was there before, revision " + cmp.Or(cfg.Revision, "default")
	case !cfg.ChartsInFolder():
		return "Istio " + cfg.Version + ", installed by this stack"
	}
	return "Istio of the charts in " + cfg.ChartRepository + ", installed by this stack"
}

// podsInWords says what runs in the stack's namespace.
func podsInWords(cfg config.Config) string {
	words := fmt.Sprintf("ServiceX, %d healthy and %d faulty", cfg.Replicas.Healthy, cfg.Replicas.Faulty)
	if cfg.Client {
		return words + "; and the client that calls it"
	}
	return words + "; and no client, so that observe can send no requests"
}
