package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"istio-circuit-breaker/internal/diagnose"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// surveyLimit bounds a whole survey.
const surveyLimit = 5 * time.Second

// rootNamespace is the mesh's unless its configuration says otherwise.
const rootNamespace = "istio-system"

// Survey reads what may keep a rule from doing what it says: other rules,
// routes, the mesh's own policy, mTLS, endpoints, the client pod and its sidecar. It changes
// nothing. What may not be read is told as a symptom of its own.
func (c *Cluster) Survey(ctx context.Context, client mesh.Client) ([]timeline.Symptom, error) {
	ctx, stop := context.WithTimeout(ctx, surveyLimit)
	defer stop()
	// What the client is decides which rules are for it.
	pod, err := c.core.Pods(c.namespace).Get(ctx, client.Pod, metav1.GetOptions{})
	if err != nil {
		return []timeline.Symptom{notReadable(fmt.Errorf("reading the pod %q: %w", client.Pod, err))}, nil
	}
	looks := []func(context.Context, *corev1.Pod) ([]timeline.Symptom, error){
		c.surveyRules, c.surveyRoutes, c.surveyAuthentication, c.surveyMesh, c.surveyEndpoints, c.surveyService, c.surveyWaypoint,
		func(ctx context.Context, _ *corev1.Pod) ([]timeline.Symptom, error) {
			return c.surveySidecar(ctx, client)
		}}
	found := make([][]timeline.Symptom, len(looks))
	var all sync.WaitGroup
	for i, look := range looks {
		all.Go(func() {
			symptoms, err := look(ctx, pod)
			if err != nil && !apierrors.IsNotFound(err) {
				symptoms = append(symptoms, notReadable(err))
			}
			found[i] = symptoms
		})
	}
	all.Wait()
	return append(clientSymptoms(pod), slices.Concat(found...)...), nil
}

func notReadable(err error) timeline.Symptom {
	return timeline.Symptom{Code: diagnose.NotReadable, Detail: err.Error(), Source: "API server"}
}

// list reads the objects of a kind in one namespace; in all where it is empty.
func (c *Cluster) list(ctx context.Context, group, namespace, resource string, into any) error {
	path := "/apis/" + group
	if namespace != "" {
		path += "/namespaces/" + namespace
	}
	text, err := c.core.RESTClient().Get().AbsPath(path + "/" + resource).DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("listing %s: %w", resource, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decoding the list of %s: %w", resource, err)
	}
	return nil
}

// named are the names of an object.
type named struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

func (n named) String() string { return n.Namespace + "/" + n.Name }
