package kube

import (
	"fmt"

	"istio-circuit-breaker/internal/mesh"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Without any configuration kubectl asks localhost:8080, and tells that nobody
// answers there. That there is no configuration is what the user has to know.
func init() { clientcmd.ClusterDefaults = clientcmdapi.Cluster{} }

// Flags choose the cluster and the user, as those of kubectl do; the namespace is
// the stack's where none is named, not the context's.
func Flags() *genericclioptions.ConfigFlags {
	flags := ForeignFlags()
	*flags.Namespace = mesh.Namespace
	return flags
}

// ForeignFlags are for what is no stack's: the namespace is the context's where
// none is named.
func ForeignFlags() *genericclioptions.ConfigFlags {
	flags := genericclioptions.NewConfigFlags(true)
	flags.CacheDir = nil // of what kubectl finds out about APIs, and we know
	return flags
}

// Foreign reads the configuration that ForeignFlags choose, and the namespace: that
// of the context where none is named.
func Foreign(flags *genericclioptions.ConfigFlags) (config *rest.Config, namespace string, err error) {
	if config, err = configOf(flags); err != nil {
		return nil, "", err
	}
	if namespace, _, err = flags.ToRawKubeConfigLoader().Namespace(); err != nil {
		return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return config, namespace, nil
}
