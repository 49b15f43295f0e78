package meshtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// Pod is one simulated pod.
type Pod struct {
	Name, Version string
	Code          int           // of every answer
	Delay         time.Duration // before every answer
	// Spread is at most how much longer an answer takes, at random.
	Spread time.Duration
	// Codes gives the status of the pod's n-th answer, from 0, in place of Code.
	Codes func(n int) int
	// Refuses has the pod refuse every connection, so that the sidecar answers.
	Refuses bool
	// NotReady pods are hosts of the sidecar's that are not called.
	NotReady bool
	Locality string // region/zone/subzone
}

// Pods makes pods that answer 200, and pods that answer 504 after a delay.
func Pods(healthy, faulty int, delay time.Duration) []Pod {
	var pods []Pod
	for i := range healthy {
		pods = append(pods, Pod{Name: fmt.Sprintf("servicex-%d", i+1), Version: "200", Code: 200, Delay: time.Millisecond})
	}
	for i := range faulty {
		pods = append(pods, Pod{Name: fmt.Sprintf("servicex-error-%d", i+1), Version: "504", Code: 504, Delay: delay + time.Millisecond})
	}
	return pods
}

// SetPods replaces the pods.
func (s *Sim) SetPods(pods ...Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods = pods
	if s.envoy != nil {
		s.envoy.SetHosts(time.Now(), s.hosts())
	}
	for _, list := range s.lists {
		select {
		case list <- struct{}{}:
		default:
		}
	}
}

// podPort is what every pod listens on.
const podPort = 8080

// address of a pod; it keeps it for as long as the simulation runs.
func (s *Sim) address(pod string) string {
	if n := len(s.addresses); s.addresses[pod] == "" {
		s.addresses[pod] = fmt.Sprintf("198.18.%d.%d:%d", n/250, n%250+1, podPort)
	}
	return s.addresses[pod]
}

// pod at an address; false where it is gone.
func (s *Sim) pod(address string) (Pod, bool) {
	for _, pod := range s.pods {
		if s.address(pod.Name) == address {
			return pod, true
		}
	}
	return Pod{}, false
}

// WatchPods lists the pods, and again after SetPods.
func (s *Sim) WatchPods(ctx context.Context, list func([]timeline.Pod)) error {
	changed := make(chan struct{}, 1)
	s.mu.Lock()
	err := s.down
	s.lists = append(s.lists, changed)
	s.mu.Unlock()
	for err == nil {
		s.mu.Lock()
		pods := make([]timeline.Pod, 0, len(s.pods))
		for _, pod := range s.pods {
			pods = append(pods, timeline.Pod{Name: pod.Name, Version: pod.Version, Address: s.address(pod.Name), State: timeline.Unknown, NotReady: pod.NotReady})
		}
		s.mu.Unlock()
		list(pods)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, open := <-changed:
			if !open {
				return errors.New("connection refused")
			}
		}
	}
	return err
}
