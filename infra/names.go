package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/naming"

	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Names that other parts of the project look for.
const (
	partOf      = naming.Project // label app.kubernetes.io/part-of of every object
	serviceName = naming.Service
	clientName  = naming.Client
	meshNS      = "istio-system"

	partOfLabel   = naming.PartOfLabel
	instanceLabel = "app.kubernetes.io/instance" // on namespaces: the name of the stack that made them, for people
	injectLabel   = "sidecar.istio.io/inject"    // on a pod: wants a sidecar
	revisionLabel = "istio.io/rev"               // names the control plane that injects
	// On a namespace: wants sidecars of the control plane without a revision, which
	// is also the one with this revision.
	injectionLabel  = "istio-injection"
	defaultRevision = "default"

	portName = "http" // Istio reads the protocol from a port's name
	podPort  = 8080
	svcPort  = 80
)

// labels are those of every object that the stack makes in the cluster, and more.
func (own identity) labels(more pulumi.StringMap) pulumi.StringMap {
	all := labels(more)
	all[identityLabel] = own.label
	return all
}

// labels are those of everything that is the program's, and more.
func labels(more pulumi.StringMap) pulumi.StringMap {
	all := pulumi.StringMap{partOfLabel: pulumi.String(partOf)}
	for k, v := range more {
		all[k] = v
	}
	return all
}

// labelValue is a stack's name as the value of a label: the name itself where it
// is one. Pulumi takes more than Kubernetes (100 characters, - and _ at the
// ends); of such a name it is what fits, and a hash that tells it from others.
func labelValue(stack string) string {
	if stack != "" && len(validation.IsValidLabelValue(stack)) == 0 {
		return stack
	}
	fits := strings.Map(func(r rune) rune {
		if len(validation.IsValidLabelValue("a"+string(r)+"a")) > 0 {
			return '-'
		}
		return r
	}, stack)
	fits = strings.Trim(fits[:min(len(fits), 40)], "-_.")
	return fmt.Sprintf("stack-%s-%x", fits, sha256.Sum256([]byte(stack)))[:validation.LabelValueMaxLength]
}

// meta names an object in the stack's namespace.
func meta(ns namespace, name string, more pulumi.StringMap) *metav1.ObjectMetaArgs {
	return &metav1.ObjectMetaArgs{
		Name:      pulumi.String(name),
		Namespace: ns.name,
		Labels:    ns.own.labels(more),
	}
}
