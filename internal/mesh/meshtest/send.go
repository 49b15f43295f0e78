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
		sent = sent.Add(s.ahead())
		if s.Quiet && s.out() > 0 {
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
		if ctx.Err() != nil { // a select takes either of two that are ready
			return ctx.Err()
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
	time.Sleep(hop)
	defer time.Sleep(hop)
	if s.ownError() {
		return timeline.Answer{Code: 503, Said: "upstream connect error or disconnect/reset before headers"}, true
	}
	var tried []*envoy.Host
	for n := 1; ; n++ {
		t := s.pick(tried)
		if t.host == nil {
			return timeline.Answer{Code: 503, Said: "no healthy upstream"}, true
		}
		done := time.NewTimer(t.delay)
		defer done.Stop()
		select {
		case <-done.C:
		case <-limit.C:
			s.cancel(t)
			return timeline.Answer{Error: "context deadline exceeded"}, true
		case <-cut:
			s.cancel(t)
			return timeline.Answer{}, false
		}
		a, again := s.ended(t, n < tries)
		if !again {
			return a, true
		}
		tried = append(tried, t.host)
	}
}

// try is one way of a request to a host.
type try struct {
	sidecar *envoy.Cluster
	host    *envoy.Host // nil where there is none
	pod     Pod
	delay   time.Duration // until its answer
}

func (s *Sim) pick(tried []*envoy.Host) try {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := try{sidecar: s.sidecar()}
	if t.host = t.sidecar.Pick(time.Now(), tried...); t.host == nil {
		return t
	}
	t.pod, _ = s.pod(t.host.Address)
	switch t.delay = t.pod.Delay; {
	case t.pod.Refuses:
		t.delay = hop
	case t.pod.Spread > 0:
		t.delay += rand.N(t.pod.Spread)
	}
	return t
}

func (s *Sim) cancel(t try) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.sidecar.Cancel(time.Now(), t.host)
}

// ended books the answer of a try; it is true where the sidecar tries again.
func (s *Sim) ended(t try, may bool) (timeline.Answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.woken()
	if s.envoy != t.sidecar { // it was restarted meanwhile
		return timeline.Answer{Error: "EOF"}, false
	}
	code, upstream := 503, t.delay.Truncate(time.Millisecond)
	a := timeline.Answer{Said: "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure"}
	if t.pod.Refuses {
		t.sidecar.Refused(time.Now(), t.host)
	} else {
		code = s.answers(t.pod)
		t.sidecar.Book(time.Now(), t.host, code)
		a = timeline.Answer{Pod: t.pod.Name, Version: t.pod.Version, Upstream: &upstream}
	}
	a.Code = code
	if s.Retries && may && timeline.GatewayError(code) {
		s.retries++
		return a, true
	}
	return a, false
}

// out is how many pods are out.
func (s *Sim) out() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sidecar().Out(time.Now())
}

// ownError is whether the sidecar answers the next request itself.
func (s *Sim) ownError() bool {
	if s.OwnErrors == 0 || s.out() == 0 {
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
