package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// Names are what a kubeconfig has names for.
type Names struct{ Contexts, Clusters, Users []string }

// NamesIn reads the kubeconfig that flags choose.
func NamesIn(flags *genericclioptions.ConfigFlags) (Names, error) {
	raw, err := flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return Names{}, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return Names{
		Contexts: slices.Sorted(maps.Keys(raw.Contexts)),
		Clusters: slices.Sorted(maps.Keys(raw.Clusters)),
		Users:    slices.Sorted(maps.Keys(raw.AuthInfos)),
	}, nil
}

// Namespaces asks the cluster for its namespaces.
func Namespaces(ctx context.Context, flags *genericclioptions.ConfigFlags) ([]string, error) {
	core, err := coreOf(flags)
	if err != nil {
		return nil, err
	}
	list, err := core.Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing namespaces: %w", err)
	}
	var names []string
	for _, n := range list.Items {
		names = append(names, n.Name)
	}
	return names, nil
}

// Services asks the cluster for its services, as NAME.NAMESPACE.
func Services(ctx context.Context, flags *genericclioptions.ConfigFlags) ([]string, error) {
	core, err := coreOf(flags)
	if err != nil {
		return nil, err
	}
	list, err := core.Services(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing services: %w", err)
	}
	var names []string
	for _, s := range list.Items {
		names = append(names, s.Name+"."+s.Namespace)
	}
	return names, nil
}

func coreOf(flags *genericclioptions.ConfigFlags) (*corev1.CoreV1Client, error) {
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	core, err := corev1.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return core, nil
}
