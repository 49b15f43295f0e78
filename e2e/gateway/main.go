// Command gateway is a Pulumi program of the end-to-end tests: a gateway of Istio's
// own chart, which calls services as a sidecar does. The chart's folder and the
// namespace, which is there, are its settings.
package main

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/utilities"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// name of the release, and of all that the chart makes.
const name = "edge"

func main() { pulumi.Run(gateway) }

func gateway(ctx *pulumi.Context) error {
	chart, has := ctx.GetConfig("gateway:chart")
	namespace, placed := ctx.GetConfig("gateway:namespace")
	if !has || !placed {
		return errors.New("reading the settings: chart and namespace are needed")
	}
	inputs := kubernetes.UntypedArgs{
		"name": pulumi.String(name), "namespace": pulumi.String(namespace), "chart": pulumi.String(chart),
		"compat": pulumi.String("true"), "atomic": pulumi.Bool(true), "timeout": pulumi.Int(120),
		"values": pulumi.Map{
			"service":                       pulumi.Map{"type": pulumi.String("ClusterIP")}, // the lab has no load balancer
			"autoscaling":                   pulumi.Map{"enabled": pulumi.Bool(false)},
			"terminationGracePeriodSeconds": pulumi.Int(1),
			"resources":                     pulumi.Map{"requests": pulumi.Map{"cpu": pulumi.String("10m"), "memory": pulumi.String("64Mi")}},
			"podAnnotations":                pulumi.Map{"proxy.istio.io/config": pulumi.String(`proxyStatsMatcher: {inclusionRegexps: [".*outlier_detection.*"]}`)},
		},
	}
	var release pulumi.CustomResourceState
	if err := ctx.RegisterResource("kubernetes:helm.sh/v3:Release", name, inputs, &release, utilities.PkgResourceDefaultOpts(nil)...); err != nil {
		return fmt.Errorf("registering Helm release %q: %w", name, err)
	}
	return nil
}
