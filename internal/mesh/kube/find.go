package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/naming"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// findLimit is how long the stack is looked for.
const findLimit = 5 * time.Second

// FindStack is the namespace of the only stack of a cluster, by its labels. Where
// none can be found, as services of all namespaces may not be listed, it is the one
// that a stack has by default; what else is wrong with the cluster is told by whoever
// uses that.
func FindStack(ctx context.Context, flags *genericclioptions.ConfigFlags) (string, error) {
	core, err := coreOf(flags)
	if err != nil {
		return naming.Namespace, nil
	}
	ctx, stop := context.WithTimeout(ctx, findLimit)
	defer stop()
	list, err := core.Services(metav1.NamespaceAll).List(ctx, metav1.ListOptions{
		LabelSelector: naming.PartOfLabel + "=" + naming.Project, FieldSelector: "metadata.name=" + naming.Service})
	if err != nil || len(list.Items) == 0 {
		return naming.Namespace, nil
	}
	var found []string
	for _, s := range list.Items {
		found = append(found, s.Namespace)
	}
	if len(found) > 1 {
		slices.Sort(found)
		return "", hint.With(fmt.Errorf("finding the stack: there is one in each of the namespaces %s", strings.Join(found, ", ")), "name one with --namespace")
	}
	return found[0], nil
}
