package main

import (
	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newApplication makes what the breaker is there for: ServiceX and the client that
// calls it.
func newApplication(ctx *pulumi.Context, cfg config.Config, ns namespace, img image, ready pulumi.ResourceOption) error {
	app, err := newComponent(ctx, "Application")
	if err != nil {
		return err
	}
	if err := newServiceX(ctx, app, cfg, ns, img, ready); err != nil {
		return err
	}
	if err := newClient(ctx, app, cfg, ns, img, ready); err != nil {
		return err
	}
	return app.done(ctx, pulumi.Map{"serviceURL": pulumi.String("http://" + host(cfg))})
}
