package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"istio-circuit-breaker/internal/mesh"

	corev1 "k8s.io/api/core/v1"
)

// maxLine bounds a log line; Envoy's outlier events are short.
const maxLine = 1 << 20

var errLogEnded = errors.New("the log ended")

// SidecarLog follows the log of the client's sidecar.
func (c *Cluster) SidecarLog(ctx context.Context, client mesh.Client, back time.Duration, line func([]byte)) error {
	return c.followLog(ctx, c.namespace, client.Pod, back, line)
}

// followLog calls line with each line of a sidecar's log, at first with nil. It
// goes by age, not by time of day: the node's clock may differ from ours.
func (c *Cluster) followLog(ctx context.Context, namespace, pod string, back time.Duration, line func([]byte)) error {
	options := &corev1.PodLogOptions{Container: sidecar, Follow: true}
	if none, seconds := int64(0), int64(math.Ceil(back.Seconds())); seconds > 0 {
		options.SinceSeconds = &seconds
	} else {
		options.TailLines = &none
	}
	log, err := c.streams.Pods(namespace).GetLogs(pod, options).Stream(ctx)
	if err != nil {
		return forbidden(fmt.Errorf("following the sidecar's log of %q: %w", pod, err), "get", "pods/log", namespace)
	}
	defer log.Close()
	line(nil)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("following the sidecar's log of %q: %w", pod, err)
	}
	return fmt.Errorf("following the sidecar's log of %q: %w", pod, errLogEnded)
}
