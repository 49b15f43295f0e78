// Package kube is a mesh.Mesh on a real cluster: by kubeconfig and context as
// kubectl takes them, the API server for pods, logs, exec and the rule, and a
// port-forward for the sidecar's admin interface. Nothing is opened on this
// machine, and nothing is installed in the cluster.
package kube

import (
	"cmp"
	"errors"
	"fmt"
	"sync"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // users of OIDC, as kubectl takes them
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Cluster is a real cluster. It is safe for concurrent use.
type Cluster struct {
	context, namespace string
	config             *rest.Config
	core               *corev1.CoreV1Client
	// streams is core for what lasts as long as a run: --request-timeout is not for it.
	streams *corev1.CoreV1Client

	mu       sync.Mutex
	forwards map[string]*forward // by pod UID
}

var _ mesh.Mesh = (*Cluster)(nil)

// Open reads the configuration that flags choose. It does not connect yet.
func Open(flags *genericclioptions.ConfigFlags) (*Cluster, error) {
	config, err := configOf(flags)
	if err != nil {
		return nil, err
	}
	name := *flags.Context
	if raw, err := flags.ToRawKubeConfigLoader().RawConfig(); err == nil && name == "" {
		name = raw.CurrentContext
	}
	core, err := corev1.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	endless := rest.CopyConfig(config)
	endless.Timeout = 0
	streams, err := corev1.NewForConfig(endless)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return &Cluster{context: name, namespace: cmp.Or(*flags.Namespace, mesh.Namespace), config: config, core: core, streams: streams, forwards: map[string]*forward{}}, nil
}

// configOf reads the configuration that flags choose.
func configOf(flags *genericclioptions.ConfigFlags) (*rest.Config, error) {
	config, err := flags.ToRESTConfig()
	if clientcmd.IsEmptyConfig(err) {
		err = errors.New("no cluster is configured") // in fewer words than cli-runtime's
	}
	if err != nil {
		return nil, hint.With(fmt.Errorf("reading the kubeconfig: %w", err),
			"choose a cluster with KUBECONFIG or --context; in the lab, run `go run ./lab exec -- go run ./observe ...`")
	}
	// Made for watching one client and a few pods, a few times a second.
	config.QPS, config.Burst = 50, 100
	return config, nil
}

// Where is the context's name and the stack's namespace.
func (c *Cluster) Where() (context, namespace string) { return c.context, c.namespace }
