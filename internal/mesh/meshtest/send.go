package meshtest

import (
	"context"
	"sync"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoysim"
	"istio-circuit-breaker/internal/timeline"
)

// tell is called with an answer.
type tell func(sent time.Time, a timeline.Answer)

// Send calls the pods through the sidecar, and tells of one answer at a time, as
// one who reads the client's lines does.
func (s *Sim) Send(ctx context.Context, _ mesh.Client, l mesh.Load, tell func(time.Time, timeline.Answer)) error {
	if s.Refused != nil {
		return s.Refused
	}
	pace := make(chan struct{})
	var workers sync.WaitGroup
	var line sync.Mutex
	answer := func(sent time.Time, a timeline.Answer) {
		if s.Answer != nil {
			var kept bool
			if a, kept = s.Answer(sent, a); !kept {
				return
			}
		}
		workers.Go(func() {
			time.Sleep(s.AnswerLag)
			line.Lock()
			defer line.Unlock()
			tell(sent.Add(s.Ahead), a)
		})
	}
	for range l.Concurrency {
		workers.Go(func() {
			for range pace {
				s.request(time.Now(), l.Timeout, answer)
			}
		})
	}
	defer workers.Wait()
	defer close(pace)
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

// request is one, sent at a time and perhaps tried again.
func (s *Sim) request(sent time.Time, timeout time.Duration, answer tell) {
	began := time.Now()
	own := func(a timeline.Answer) {
		time.Sleep(time.Millisecond)
		a.Latency = time.Since(sent)
		answer(sent, a)
	}
	s.mu.Lock()
	if s.Own != nil {
		if a := s.Own(began, s.envoy().Counters()); a != nil {
			s.mu.Unlock()
			own(*a)
			return
		}
	}
	address, found := s.envoy().Pick(began)
	pod, there := s.pod(address)
	if n := len(pod.Codes); n > 0 {
		pod.Code = pod.Codes[s.asked[pod.Name]%n]
	}
	s.asked[pod.Name]++
	s.mu.Unlock()
	if !found || !there {
		own(timeline.Answer{Code: 503, Said: "no healthy upstream"})
		return
	}
	time.Sleep(pod.Delay)
	s.book(address, pod.Code)
	if s.Retries && pod.Code >= 502 && pod.Code <= 504 {
		s.mu.Lock()
		s.envoy().Retried()
		s.mu.Unlock()
		s.request(sent, timeout, answer)
		return
	}
	if timeout > 0 && time.Since(sent) > timeout {
		answer(sent, timeline.Answer{Latency: timeout, Error: "timeout"})
		return
	}
	answer(sent, timeline.Answer{Latency: time.Since(sent), Code: pod.Code, Pod: pod.Name, Version: pod.Version, Upstream: new(time.Since(began).Truncate(time.Millisecond))})
}

// book counts an answer, and has the sidecar decide a moment after.
func (s *Sim) book(address string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.envoy().Book(address, code, time.Now())
	s.write()
	time.AfterFunc(envoysim.Post, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.envoy().Advance(time.Now())
		s.write()
	})
}
