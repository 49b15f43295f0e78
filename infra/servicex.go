package main

import (
	"fmt"
	"strconv"

	"istio-circuit-breaker/internal/config"
	"istio-circuit-breaker/internal/naming"

	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newServiceX makes the healthy and the faulty Deployment and the one Service
// in front of both.
func newServiceX(ctx *pulumi.Context, app *component, cfg config.Config, ns namespace, img image, ready pulumi.ResourceOption) error {
	healthy := workload{
		name: naming.Server, version: "200", replicas: cfg.Replicas.Healthy,
		env: map[string]string{},
	}
	faulty := workload{
		name: "servicex-error", version: "504", replicas: cfg.Replicas.Faulty,
		// The version tells faulty pods from the others, whatever they answer.
		env: map[string]string{"error": "yes", "CODE": strconv.Itoa(int(cfg.FaultyCode)), "MAX_DELAY": cfg.MaxDelay.String()},
	}
	for _, w := range []workload{healthy, faulty} {
		if _, err := appsv1.NewDeployment(ctx, w.name, w.deployment(ns, img), app.child(), ready, bounded()); err != nil {
			return fmt.Errorf("registering deployment %q: %w", w.name, err)
		}
	}
	_, err := corev1.NewService(ctx, serviceName, &corev1.ServiceArgs{
		Metadata: withAnnotations(meta(ns, serviceName, nil), pulumi.StringMap{
			// The Deployments are waited for already; the provider's wait for a
			// Service lets its endpoints settle for ten seconds more.
			"pulumi.com/skipAwait": pulumi.String("true"),
		}),
		Spec: &corev1.ServiceSpecArgs{
			Type:     pulumi.String("ClusterIP"),
			Selector: pulumi.StringMap{"app": pulumi.String(naming.Server)},
			Ports: corev1.ServicePortArray{&corev1.ServicePortArgs{
				Name:       pulumi.String(portName),
				Port:       pulumi.Int(svcPort),
				TargetPort: pulumi.String(portName),
			}},
		},
	}, app.child(), ns.own.healing)
	if err != nil {
		return fmt.Errorf("registering service %q: %w", serviceName, err)
	}
	return nil
}
