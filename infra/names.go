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

	partOfLabel   = "app.kubernetes.io/part-of"
	instanceLabel = "app.kubernetes.io/instance" // on namespaces: the stack that made them
	injectLabel   = "sidecar.istio.io/inject"    // on a pod: wants a sidecar
	revisionLabel = "istio.io/rev"               // names the control plane that injects

	portName = "http" // Istio reads the protocol from a port's name
	podPort  = 8080
	svcPort  = 80
)

// labels are those of every object that the stack makes, and more.
func labels(more pulumi.StringMap) pulumi.StringMap {
	all := pulumi.StringMap{partOfLabel: pulumi.String(partOf)}
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
