package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(run)
}

// run makes the stack, step by step.
func run(ctx *pulumi.Context) error {
	cfg, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	image, err := newImage(ctx, cfg.Image)
	if err != nil {
		return err
	}
	mesh, err := newMesh(ctx, cfg.Istio)
	if err != nil {
		return err
	}
	ns, err := newNamespace(ctx, cfg.Namespace)
	if err != nil {
		return err
	}
	ready := injected(ctx, mesh, ns)
	if err := newServiceX(ctx, cfg, ns, image, ready); err != nil {
		return err
	}
	if err := newClient(ctx, cfg, ns, image, ready); err != nil {
		return err
	}
	if err := newBreaker(ctx, cfg, ns, mesh); err != nil {
		return err
	}
	export(ctx, cfg, image)
	return nil
}
