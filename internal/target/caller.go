package target

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Kind is what a caller is named as.
type Kind string

// The kinds, by kubectl's names.
const (
	AnyKind        Kind = "" // a workload of any kind, or a pod
	Deployment     Kind = "deployment"
	StatefulSet    Kind = "statefulset"
	DaemonSet      Kind = "daemonset"
	Pod            Kind = "pod"
	WholeNamespace Kind = "namespace" // whoever is in it
)

// kinds are the names that each may have.
var kinds = []struct {
	kind  Kind
	names []string
}{
	{Deployment, []string{"deployment", "deployments", "deploy"}},
	{StatefulSet, []string{"statefulset", "statefulsets", "sts"}},
	{DaemonSet, []string{"daemonset", "daemonsets", "ds"}},
	{Pod, []string{"pod", "pods", "po"}},
	{WholeNamespace, []string{"namespace", "namespaces", "ns"}},
}

// Caller is whose Envoys are meant: a workload, a pod, or all of a namespace.
type Caller struct {
	Kind Kind
	Name string // empty for all of a namespace
	// Namespace that it is in.
	Namespace string
}

// ParseCaller reads [KIND/]NAME[.NAMESPACE] or namespace/NAME. A name alone is of
// the namespace given. A pod's name that has dots in it cannot be written.
func ParseCaller(text, namespace string) (Caller, error) {
	c := Caller{Name: text, Namespace: namespace}
	word, name, typed := strings.Cut(text, "/")
	if typed {
		if c.Name, c.Kind = name, kindOf(word); c.Kind == AnyKind {
			return Caller{}, malformed(text)
		}
	}
	if c.Kind == WholeNamespace {
		c.Name, c.Namespace = "", name
	} else if name, of, qualified := strings.Cut(c.Name, "."); qualified {
		c.Name, c.Namespace = name, of
	}
	if c.Kind != WholeNamespace && len(validation.IsDNS1123Subdomain(c.Name)) > 0 || len(validation.IsDNS1123Label(c.Namespace)) > 0 {
		return Caller{}, malformed(text)
	}
	return c, nil
}

func kindOf(word string) Kind {
	for _, k := range kinds {
		if slices.Contains(k.names, word) {
			return k.kind
		}
	}
	return AnyKind
}

func malformed(text string) error {
	return fmt.Errorf("%q: must be NAME, NAME.NAMESPACE, or either after deployment/, statefulset/, daemonset/ or pod/; or namespace/NAME for all of one", text)
}

// String is the caller as ParseCaller reads it.
func (c Caller) String() string {
	switch c.Kind {
	case AnyKind:
		return c.Name + "." + c.Namespace
	case WholeNamespace:
		return string(c.Kind) + "/" + c.Namespace
	default:
		return string(c.Kind) + "/" + c.Name + "." + c.Namespace
	}
}
