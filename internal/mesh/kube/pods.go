package kube

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	port = "http" // name of the container port of the service's pods
	// watchSeconds bounds one watch, so that a connection which died unnoticed
	// is replaced by a new list.
	watchSeconds = int64(120)
)

// WatchPods lists the service's pods, and again after each change. Where the API
// server has forgotten the version that was listed, it is asked for a new list.
func (c *Cluster) WatchPods(ctx context.Context, list func([]timeline.Pod)) error {
	for {
		lived, err := c.watchPods(ctx, list)
		if expired := apierrors.IsResourceExpired(err) || apierrors.IsGone(err); !expired || !lived {
			return err
		}
	}
}

// watchPods follows one list of pods. It reports whether the list could be watched
// for a while: one that expires at once is a loss, and not to be asked for again
// without a pause.
func (c *Cluster) watchPods(ctx context.Context, list func([]timeline.Pod)) (lived bool, err error) {
	selector, limit := "app="+mesh.ServerApp, watchSeconds
	all, err := c.core.Pods(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return false, forbidden(fmt.Errorf("listing the pods of %q: %w", mesh.Service, err), "list", "pods", c.namespace)
	}
	pods := make(map[string]timeline.Pod)
	for _, pod := range all.Items {
		keep(pods, &pod)
	}
	list(sorted(pods))
	version := all.ResourceVersion
	for {
		changes, err := c.streams.Pods(c.namespace).Watch(ctx, metav1.ListOptions{LabelSelector: selector,
			ResourceVersion: version, TimeoutSeconds: &limit, AllowWatchBookmarks: true})
		if err != nil {
			return lived, forbidden(fmt.Errorf("watching the pods of %q: %w", mesh.Service, err), "watch", "pods", c.namespace)
		}
		ended := c.follow(changes, pods, &version, list)
		changes.Stop()
		lived = lived || ended == nil || version != all.ResourceVersion
		if ended != nil {
			return lived, fmt.Errorf("watching the pods of %q: %w", mesh.Service, ended)
		}
		if ctx.Err() != nil {
			return lived, ctx.Err()
		}
	}
}

// follow takes changes until the watch ends; nil where it ended in good order.
func (c *Cluster) follow(changes watch.Interface, pods map[string]timeline.Pod, version *string, list func([]timeline.Pod)) error {
	for change := range changes.ResultChan() {
		switch change.Type {
		case watch.Error:
			return apierrors.FromObject(change.Object)
		case watch.Bookmark: // a newer version to go on from, and no pod
			if pod, ok := change.Object.(*corev1.Pod); ok {
				*version = pod.ResourceVersion
			}
			continue
		}
		pod, ok := change.Object.(*corev1.Pod)
		if !ok {
			return errors.New("the API server sent something that is no pod")
		}
		*version = pod.ResourceVersion
		if change.Type == watch.Deleted {
			delete(pods, pod.Name)
		} else {
			keep(pods, pod)
		}
		list(sorted(pods))
	}
	return nil
}

// keep takes a pod that can be called, or could be a moment ago.
func keep(pods map[string]timeline.Pod, pod *corev1.Pod) {
	if pod.Status.PodIP == "" || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		delete(pods, pod.Name)
		return
	}
	p := timeline.Pod{Name: pod.Name, Version: pod.Labels["version"], State: timeline.Unknown,
		NotReady: !slices.ContainsFunc(pod.Status.Conditions, ready)}
	for _, container := range pod.Spec.Containers {
		for _, open := range container.Ports {
			if open.Name == port {
				p.Address = net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(open.ContainerPort)))
			}
		}
	}
	if pod.DeletionTimestamp != nil {
		p.State = timeline.Terminating
	}
	pods[pod.Name] = p
}

// ready is the condition that makes a pod an endpoint to be called.
func ready(c corev1.PodCondition) bool {
	return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
}

func sorted(pods map[string]timeline.Pod) []timeline.Pod {
	return slices.SortedFunc(maps.Values(pods), func(a, b timeline.Pod) int { return strings.Compare(a.Name, b.Name) })
}
