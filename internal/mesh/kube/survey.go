package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"istio-circuit-breaker/internal/diagnose"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// surveyLimit bounds a whole survey.
const surveyLimit = 5 * time.Second

// rootNamespace is the mesh's unless its configuration says otherwise.
const rootNamespace = "istio-system"

// Survey reads what may keep a rule from doing what it says: other rules,
// routes, the mesh's own policy, mTLS, endpoints. It changes nothing. What may
// not be read is told as a symptom of its own.
func (c *Cluster) Survey(ctx context.Context, client mesh.Client) ([]timeline.Symptom, error) {
	ctx, stop := context.WithTimeout(ctx, surveyLimit)
	defer stop()
	looks := []func(context.Context) ([]timeline.Symptom, error){c.surveyRules, c.surveyAuthentication, c.surveyMesh, c.surveyEndpoints,
		func(ctx context.Context) ([]timeline.Symptom, error) { return c.surveyClient(ctx, client) }}
	found := make([][]timeline.Symptom, len(looks))
	var all sync.WaitGroup
	for i, look := range looks {
		all.Go(func() {
			symptoms, err := look(ctx)
			if err != nil && !apierrors.IsNotFound(err) {
				symptoms = append(symptoms, timeline.Symptom{Code: diagnose.NotReadable, Detail: err.Error(), Source: "API server"})
			}
			found[i] = symptoms
		})
	}
	all.Wait()
	var symptoms []timeline.Symptom
	for _, some := range found {
		symptoms = append(symptoms, some...)
	}
	return symptoms, nil
}

// list reads all objects of a kind; those of one namespace where all may not be read.
func (c *Cluster) list(ctx context.Context, group, resource string, into any) error {
	text, err := c.core.RESTClient().Get().AbsPath("/apis/" + group + "/" + resource).DoRaw(ctx)
	if apierrors.IsForbidden(err) {
		text, err = c.core.RESTClient().Get().AbsPath("/apis/" + group + "/namespaces/" + c.namespace + "/" + resource).DoRaw(ctx)
	}
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
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func (n named) String() string { return n.Namespace + "/" + n.Name }

// surveyClient looks at the client pod's own annotations and labels.
func (c *Cluster) surveyClient(ctx context.Context, client mesh.Client) ([]timeline.Symptom, error) {
	text, err := c.core.RESTClient().Get().Resource("pods").Namespace(c.namespace).Name(client.Pod).DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the pod %q: %w", client.Pod, err)
	}
	var pod struct {
		Metadata named `json:"metadata"`
	}
	if err := json.Unmarshal(text, &pod); err != nil {
		return nil, errors.New("decoding the pod " + client.Pod)
	}
	return clientSymptoms(pod.Metadata), nil
}

func clientSymptoms(pod named) []timeline.Symptom {
	var all []timeline.Symptom
	for _, key := range []string{"traffic.sidecar.istio.io/excludeOutboundPorts", "traffic.sidecar.istio.io/excludeOutboundIPRanges", "traffic.sidecar.istio.io/includeOutboundPorts"} {
		if v := pod.Annotations[key]; v != "" {
			all = append(all, timeline.Symptom{Code: "bypasses-sidecar", Detail: fmt.Sprintf("pod %s has the annotation %s=%s", pod, key, v), Source: "pod"})
		}
	}
	if pod.Labels["istio.io/dataplane-mode"] == "ambient" {
		all = append(all, timeline.Symptom{Code: "hbone", Detail: fmt.Sprintf("pod %s is labelled istio.io/dataplane-mode=ambient", pod), Source: "pod"})
	}
	return all
}
