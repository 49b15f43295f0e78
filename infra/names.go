package main

import (
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Names that other parts of the project look for.
const (
	partOf      = "istio-circuit-breaker" // label app.kubernetes.io/part-of of every object
	serviceName = "servicex-service"
	clientName  = "servicex-client"
	meshNS      = "istio-system"

	portName = "http" // Istio reads the protocol from a port's name
	podPort  = 8080
	svcPort  = 80
)

// labels are those of every object that the stack makes, and more.
func labels(more pulumi.StringMap) pulumi.StringMap {
	all := pulumi.StringMap{"app.kubernetes.io/part-of": pulumi.String(partOf)}
	for k, v := range more {
		all[k] = v
	}
	return all
}

// meta names an object in the stack's namespace.
func meta(ns namespace, name string, more pulumi.StringMap) *metav1.ObjectMetaArgs {
	return &metav1.ObjectMetaArgs{
		Name:      pulumi.String(name),
		Namespace: ns.name,
		Labels:    labels(more),
	}
}
