package main

import (
	"cmp"
	"errors"
	"os"
	"sync"
	"time"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		raw, err := rawConfig(os.Getenv(pulumi.EnvConfig))
		if err != nil {
			return err
		}
		secret, err := secretKeys(os.Getenv(pulumi.EnvConfigSecretKeys))
		if err != nil {
			return err
		}
		raw, secret = config.Renamed(raw, ctx.Project()), config.RenamedKeys(secret, ctx.Project())
		p := program{
			raw:     raw,
			secret:  secret,
			connect: sync.OnceValues(func() (*cluster, error) { return connect(raw) }),
			machine: thisMachine(),
			poll:    250 * time.Millisecond,
		}
		return p.run(ctx)
	})
}

// program is the stack and what it needs of the world around it.
type program struct {
	raw     map[string]string        // configuration as the engine hands it over
	secret  []string                 // keys of raw whose values are secret
	connect func() (*cluster, error) // the API server, when it is first needed
	machine machine                  // where Docker is looked for
	limit   time.Duration            // of the wait for injection; 0 means istio.timeout
	poll    time.Duration            // between two questions while waiting
}

// run makes the stack, step by step.
func (p program) run(ctx *pulumi.Context) error {
	cfg, given, err := loadConfig(ctx, p.raw, p.secret)
	if err != nil {
		return err
	}
	engine, noDocker := p.askForDocker(ctx, cfg.Image)
	seen, err := p.look(ctx, cfg)
	if err != nil {
		return errors.Join(err, noDocker)
	}
	own, notOurs := establish(ctx, cfg, seen)
	cfg, noImage := completed(ctx, cfg, seen)
	if err := errors.Join(notOurs, noImage, noDocker); err != nil {
		return err
	}
	image, err := newImage(ctx, cfg.Image, engine)
	if err != nil {
		return err
	}
	ns, err := newNamespace(ctx, cfg.Namespace, cfg.Istio.Revision, own)
	if err != nil {
		return err
	}
	if err := image.pulledWith(ctx, cfg, ns); err != nil {
		return err
	}
	mesh, err := newMesh(ctx, cfg, ns, seen)
	if err != nil {
		return err
	}
	ready := pulumi.Composite(own.healing, p.injected(ctx, mesh, ns, cmp.Or(p.limit, cfg.Istio.Timeout)))
	if err := newApplication(ctx, cfg, ns, image, ready); err != nil {
		return err
	}
	if err := newBreaker(ctx, cfg, given, ns, pulumi.Composite(ready, mesh.crds)); err != nil {
		return err
	}
	return p.export(ctx, cfg, image)
}
