package kube

import (
	"istio-circuit-breaker/internal/mesh"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Without any configuration kubectl asks localhost:8080, and tells that nobody
// answers there. That there is no configuration is what the user has to know.
func init() { clientcmd.ClusterDefaults = clientcmdapi.Cluster{} }

// Flags choose the cluster and the user, as those of kubectl do; the namespace is
// the stack's where none is named, not the context's.
func Flags() *genericclioptions.ConfigFlags {
	flags := genericclioptions.NewConfigFlags(true)
	flags.CacheDir = nil // of what kubectl finds out about APIs, and we know
	*flags.Namespace = mesh.Namespace
	return flags
}
