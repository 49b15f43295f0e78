package meshtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"
)

const (
	// hop is the way between the client and its sidecar.
	hop = 200 * time.Microsecond
	// stopping is how long the client still waits for answers once it is told to
	// end; what has none by then leaves no line.
	stopping = time.Second
	// resting is what a worker rests after a request without an answer.
	resting = 10 * time.Millisecond
)

// Send sends requests as the client role does, from as many workers. A second
// Send at the same time is another caller in the same sidecar.
func (s *Sim) Send(ctx context.Context, client mesh.Client, l mesh.Load, tell func(time.Time, timeline.Answer)) error {
	if s.Refused != nil {
		return fmt.Errorf("sending requests from %q: %w", client.Pod, s.Refused)
	}
	pace, cut := make(chan struct{}), make(chan struct{})
	var workers sync.WaitGroup
	answer := func(sent time.Time, a timeline.Answer) {
		sent = sent.Add(s.Ahead)
		if s.Quiet && s.anyOut() {
			return
		}
		if s.AnswerLag == 0 {
			tell(sent, a)
			return
		}
		workers.Go(func() {
			time.Sleep(s.AnswerLag)
			tell(sent, a)
		})
	}
	for range l.Concurrency {
		workers.Go(func() {
			for range pace {
				sent := time.Now()
				a, answered := s.request(l.Timeout, cut)
				if !answered {
					continue
				}
				a.Latency = time.Since(sent)
				answer(sent, a)
				if a.Code == 0 {
					time.Sleep(resting)
				}
			}
		})
	}
	if s.Others > 0 {
		workers.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(time.Duration(float64(time.Second) / s.Others))
				s.request(l.Timeout, cut)
			}
		})
	}
	defer workers.Wait()
	defer close(pace)
	defer func() { time.AfterFunc(stopping, func() { close(cut) }) }()
	for {
		if l.Rate > 0 {
			time.Sleep(time.Duration(float64(time.Second) / l.Rate))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case pace <- struct{}{}:
		}
		s.mu.Lock()
		err := s.down
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// tries is how often one request may be sent. Source: istio pilot/pkg/networking/
// core/route/retry/retry.go: two retries.
const tries = 3

// request is one request through the sidecar. It is false where the client gave
// up because it ends.
func (s *Sim) request(timeout time.Duration, cut <-chan struct{}) (timeline.Answer, bool) {
	if timeout <= 0 {
		timeout = 24 * time.Hour
	}
	limit := time.NewTimer(timeout)
	defer limit.Stop()
	wait := func(d time.Duration) (timeline.Answer, bool, bool) {
		done := time.NewTimer(d)
		defer done.Stop()
		select {
		case <-done.C:
			return timeline.Answer{}, true, true
		case <-limit.C:
			return timeline.Answer{Error: "context deadline exceeded"}, true, false
		case <-cut:
			return timeline.Answer{}, false, false
		}
	}
	time.Sleep(hop)
	if s.ownError() {
		time.Sleep(hop)
		return timeline.Answer{Code: 503, Said: "upstream connect error or disconnect/reset before headers"}, true
	}
	var tried []*envoy.Host
	for n := 1; ; n++ {
		began := time.Now()
		s.mu.Lock()
		sidecar := s.sidecar()
		h := sidecar.Pick(began, tried...)
		pod, delay := Pod{}, time.Duration(0)
		if h != nil {
			pod, _ = s.pod(h.Address)
			if delay = pod.Delay; pod.Spread > 0 {
				delay += rand.N(pod.Spread)
			}
		}
		s.mu.Unlock()
		if h == nil {
			time.Sleep(hop)
			return timeline.Answer{Code: 503, Said: "no healthy upstream"}, true
		}
		if pod.Refuses {
			delay = hop
		}
		a, told, ended := wait(delay)
		s.mu.Lock()
		if !ended {
			sidecar.Cancel(time.Now(), h)
			s.mu.Unlock()
			return a, told
		}
		if s.envoy != sidecar { // it was restarted meanwhile
			s.mu.Unlock()
			return timeline.Answer{Error: "EOF"}, true
		}
		code := s.answers(pod)
		if pod.Refuses {
			code = 503
			sidecar.Refused(time.Now(), h)
		} else {
			sidecar.Book(time.Now(), h, code)
		}
		again := s.Retries && n < tries && timeline.GatewayError(code)
		if again {
			s.retries++
		}
		s.mu.Unlock()
		s.woken()
		if again {
			tried = append(tried, h)
			continue
		}
		time.Sleep(hop)
		if pod.Refuses {
			return timeline.Answer{Code: code, Said: "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure"}, true
		}
		upstream := delay.Truncate(time.Millisecond)
		return timeline.Answer{Code: code, Pod: pod.Name, Version: pod.Version, Upstream: &upstream}, true
	}
}

// anyOut is whether a pod is out.
func (s *Sim) anyOut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sidecar().Out(time.Now()) > 0
}

// ownError is whether the sidecar answers the next request itself.
func (s *Sim) ownError() bool {
	if s.OwnErrors == 0 || !s.anyOut() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	// Spread: 20 of 100 are every fifth.
	return s.asked*s.OwnErrors/100 > (s.asked-1)*s.OwnErrors/100
}

// answers is the status of a pod's next answer.
func (s *Sim) answers(pod Pod) int {
	n := s.answered[pod.Name]
	s.answered[pod.Name]++
	if pod.Codes != nil {
		return pod.Codes(n)
	}
	return pod.Code
}
