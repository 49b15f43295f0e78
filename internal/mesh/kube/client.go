package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/wait"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	sidecar         = "istio-proxy"
	clientContainer = "client"
	// restartLimit bounds the wait for a new client pod: its image is there.
	restartLimit = 90 * time.Second
)

// Client finds the client pod, or says what is wrong with the best there is.
func (c *Cluster) Client(ctx context.Context) (mesh.Client, error) {
	list, err := c.core.Pods(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + mesh.ClientApp})
	if err != nil {
		return mesh.Client{}, forbidden(fmt.Errorf("looking for the client pod in namespace %q: %w", c.namespace, err), "list", "pods", c.namespace)
	}
	wrong := hint.With(fmt.Errorf("%w: no pod with app=%s in namespace %q", mesh.ErrNoClient, mesh.ClientApp, c.namespace),
		"bring the stack up with `pulumi up` and client.enabled=true, or name its namespace with --namespace")
	for _, pod := range list.Items {
		if pod.DeletionTimestamp != nil {
			continue
		}
		if wrong = usable(&pod); wrong == nil {
			return mesh.Client{Pod: pod.Name, UID: string(pod.UID), Domain: dnsDomain(&pod)}, nil
		}
	}
	return mesh.Client{}, wrong
}

// usable says why requests cannot be sent from the pod and seen by its sidecar.
func usable(pod *corev1.Pod) error {
	// A native sidecar is an init container that goes on running.
	named := func(c corev1.Container) bool { return c.Name == sidecar }
	if !slices.ContainsFunc(pod.Spec.Containers, named) && !slices.ContainsFunc(pod.Spec.InitContainers, named) {
		return hint.With(fmt.Errorf("%w: pod %q has no container %q, and no breaker without it", mesh.ErrNoSidecar, pod.Name, sidecar),
			fmt.Sprintf("run `kubectl -n %s rollout restart deployment %s` once istiod runs and the namespace is labelled for injection", pod.Namespace, mesh.ClientApp))
	}
	if slices.ContainsFunc(pod.Status.Conditions, ready) {
		return nil
	}
	return hint.With(fmt.Errorf("%w: pod %q is %s", mesh.ErrNotReady, pod.Name, pod.Status.Phase),
		fmt.Sprintf("run `kubectl -n %s describe pod %s`", pod.Namespace, pod.Name))
}

// RestartClient deletes the pod; its Deployment makes the next at once.
func (c *Cluster) RestartClient(ctx context.Context, old mesh.Client) (mesh.Client, error) {
	now := int64(0) // nothing in it is worth a graceful end
	err := c.core.Pods(c.namespace).Delete(ctx, old.Pod, metav1.DeleteOptions{GracePeriodSeconds: &now})
	if err != nil && !apierrors.IsNotFound(err) {
		return mesh.Client{}, fmt.Errorf("restarting the client pod %q: %w", old.Pod, err)
	}
	var next mesh.Client
	err = wait.For(ctx, "the next client pod", restartLimit, 100*time.Millisecond, func(ctx context.Context) error {
		var err error
		if next, err = c.Client(ctx); err == nil && next.UID == old.UID {
			err = errors.New("the pod is still the old one")
		}
		return err
	})
	return next, err
}
