package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/pager"
)

// The kinds that are read.
var (
	rules      = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "destinationrules"}
	routes     = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "virtualservices"}
	entries    = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "serviceentries"}
	slicesKind = schema.GroupVersionResource{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"}
	services   = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	pods       = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	namespaces = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
)

// Client reads a cluster: objects, or only their metadata, which is far less.
type Client struct {
	Objects  dynamic.Interface
	Metadata metadata.Interface
}

// Connect is the client that a configuration chooses.
func Connect(config *rest.Config) (c Client, err error) {
	if c.Objects, err = dynamic.NewForConfig(config); err == nil {
		c.Metadata, err = metadata.NewForConfig(config)
	}
	if err != nil {
		return c, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return c, nil
}

// reader reads lists, and keeps what it could not read.
type reader struct {
	Client
	unread []error
}

// object is one as the API server has it, and named what it is called and labelled.
type (
	object = unstructured.Unstructured
	named  = metav1.PartialObjectMetadata
)

// each hands over the objects of a kind in a namespace, or in all where it is
// empty. Where it fails, some may have been.
func (r *reader) each(ctx context.Context, kind schema.GroupVersionResource, namespace string, take func(*object)) error {
	return paged(ctx, kind, namespace, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return r.Objects.Resource(kind).Namespace(namespace).List(ctx, o)
	}, take)
}

// eachNamed is each, for the metadata alone.
func (r *reader) eachNamed(ctx context.Context, kind schema.GroupVersionResource, namespace string, take func(*named)) error {
	return paged(ctx, kind, namespace, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return r.Metadata.Resource(kind).Namespace(namespace).List(ctx, o)
	}, take)
}

// paged reads page by page: there may be many.
func paged[T any](ctx context.Context, kind schema.GroupVersionResource, namespace string, page pager.ListPageFunc, take func(*T)) error {
	list := pager.New(page)
	list.PageBufferSize = 1
	err := list.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		one, is := any(o).(*T)
		if !is {
			return fmt.Errorf("decoding: got %T", o)
		}
		take(one)
		return nil
	})
	if err == nil {
		return nil
	}
	where := fmt.Sprintf("in namespace %q", namespace)
	if namespace == "" {
		where = "of all namespaces"
	}
	return fmt.Errorf("listing %s %s: %w", kind.Resource, where, err)
}

// gather lists a kind in some namespaces, or all at once where that is asked for
// and allowed, and tells in which it did.
func (r *reader) gather(all bool, in []string, list func(namespace string) error) known {
	k := known{}
	if all {
		err := list("")
		if err == nil {
			k.all = true
			return k
		}
		if !refused(err) {
			r.unread = append(r.unread, err)
			return k
		}
	}
	var first error
	var also []string
	for _, namespace := range in {
		err := list(namespace)
		switch {
		case err == nil:
			k.in = append(k.in, namespace)
		case first == nil:
			first = err
		default:
			also = append(also, namespace)
		}
	}
	if len(also) > 0 {
		first = fmt.Errorf("%w; nor in %s", first, strings.Join(also, ", "))
	}
	if first != nil {
		r.unread = append(r.unread, first)
	}
	return k
}

// known is of which namespaces a kind was read.
type known struct {
	all bool
	in  []string
}

func (k known) of(namespace string) bool { return k.all || slices.Contains(k.in, namespace) }

// refused is whether the API server does not let the user.
func refused(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) }

var errNoIstio = errors.New("the cluster has no DestinationRules: Istio's CRDs are not installed, or are older than networking.istio.io/v1")
