package callers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/target"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryclient "k8s.io/client-go/kubernetes/typed/discovery/v1"
)

// Scope is whose callers are looked for, and which.
type Scope struct {
	Target target.Target
	From   []target.Caller // none: all that may be read
}

// byName is whether a workload or a pod is asked for.
func (s Scope) byName() bool {
	return slices.ContainsFunc(s.From, func(c target.Caller) bool { return c.Kind != target.WholeNamespace })
}

// Found is who there is.
type Found struct {
	Callers []Caller // sorted
	Unread  []Unread
}

// Finder finds callers and pods through the API server.
type Finder struct {
	Core   coreclient.CoreV1Interface
	Slices discoveryclient.EndpointSlicesGetter
}

// Find looks through all namespaces that may be read, or those of the workloads
// that are asked for.
func (f Finder) Find(ctx context.Context, s Scope) Found {
	var found Found
	matched := make([]bool, len(s.From))
	without := 0
	take := func(pod *corev1.Pod) {
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed || pod.DeletionTimestamp != nil {
			return // it calls no more
		}
		c, reason := Of(pod)
		asked, named := len(s.From) == 0, false
		for i, w := range s.From {
			if c.isOf(w) {
				matched[i], asked = true, true
				named = named || w.Kind != target.WholeNamespace
			}
		}
		switch {
		case !asked:
		case reason == "":
			found.Callers = append(found.Callers, c)
		case reason == noSidecar && !named:
			without++
		default:
			found.Unread = append(found.Unread, Unread{Name: c.String(), Reason: reason, Workload: c.Workload})
		}
	}
	for _, namespace := range f.namespaces(ctx, s, &found) {
		if err := f.pods(ctx, namespace, take); err != nil {
			name := namespaceOf + namespace
			if namespace == "" {
				name = allNamespaces
			}
			found.Unread = append(found.Unread, Unread{Name: name, Reason: err.Error()})
		}
	}
	for i, w := range s.From {
		if !matched[i] && !slices.ContainsFunc(found.Unread, func(u Unread) bool { return u.Name == namespaceOf+w.Namespace }) {
			found.Unread = append(found.Unread, Unread{Name: w.String(), Reason: noPod(w), Workload: w.Name})
		}
	}
	if without > 0 {
		found.Unread = append(found.Unread, Unread{Name: breaker.Count(without, "pod"), Reason: withoutSidecar, NoEnvoy: true})
	}
	slices.SortFunc(found.Callers, func(a, b Caller) int {
		return strings.Compare(a.Namespace+"/"+a.Pod, b.Namespace+"/"+b.Pod)
	})
	return found
}

// noPod says that there is none.
func noPod(of target.Caller) string {
	switch of.Kind {
	case target.AnyKind:
		return "no pod runs that is, or is of, " + strconv.Quote(of.Name)
	case target.WholeNamespace:
		return "no pod runs there"
	case target.Pod:
		return "no such pod runs"
	default:
		return "no pod of it runs"
	}
}

// What could not be listed.
const (
	namespaceOf     = "namespace "
	allNamespaces   = "all namespaces"
	otherNamespaces = "other namespaces"
)

// namespaces are those to look through; "" is all at once.
func (f Finder) namespaces(ctx context.Context, s Scope, found *Found) []string {
	var all []string
	for _, w := range s.From {
		all = append(all, w.Namespace)
	}
	if len(all) > 0 {
		slices.Sort(all)
		return slices.Compact(all)
	}
	_, err := f.Core.Pods("").List(ctx, metav1.ListOptions{Limit: 1})
	if err == nil {
		return []string{""}
	}
	list, refused := f.Core.Namespaces().List(ctx, metav1.ListOptions{})
	if refused != nil {
		found.Unread = append(found.Unread, Unread{Name: otherNamespaces, Reason: err.Error()})
		return []string{s.Target.Namespace}
	}
	for _, n := range list.Items {
		all = append(all, n.Name)
	}
	return all
}

// page is how many pods one answer has at most.
const page = 500

func (f Finder) pods(ctx context.Context, namespace string, take func(*corev1.Pod)) error {
	options := metav1.ListOptions{Limit: page}
	for {
		list, err := f.Core.Pods(namespace).List(ctx, options)
		if err != nil {
			return fmt.Errorf("listing pods: %w", err)
		}
		for i := range list.Items {
			take(&list.Items[i])
		}
		if options.Continue = list.Continue; options.Continue == "" {
			return nil
		}
	}
}
