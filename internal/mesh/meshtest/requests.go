package meshtest

import (
	"context"
	"sync"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"
)

// Send calls the service until ctx ends.
func (s *Sim) Send(ctx context.Context, _ mesh.Client, l mesh.Load, tell func(time.Time, timeline.Answer)) error {
	if s.Refused != nil {
		return s.Refused
	}
	pace := make(chan struct{})
	var workers sync.WaitGroup
	answer := func(sent time.Time, a timeline.Answer) {
		workers.Go(func() {
			time.Sleep(s.AnswerLag)
			if !s.Quiet || !s.anyOut() {
				tell(sent, a)
			}
		})
	}
	for range l.Concurrency {
		workers.Go(func() {
			for range pace {
				s.request(answer)
			}
		})
	}
	if s.Others > 0 {
		workers.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(time.Duration(float64(time.Second) / s.Others))
				s.request(func(time.Time, timeline.Answer) {})
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

func (s *Sim) anyOut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.cluster.Hosts {
		if h.Out {
			return true
		}
	}
	return false
}

// request is one, from the client to its answer.
func (s *Sim) request(answer func(time.Time, timeline.Answer)) {
	s.mu.Lock()
	sent := s.now()
	s.asked++
	own := s.OwnErrors > 0 && s.asked%100 < s.OwnErrors
	s.mu.Unlock()
	if own && s.anyOut() {
		answer(sent, timeline.Answer{Latency: time.Millisecond, Code: 503, Said: "upstream connect error or disconnect/reset before headers"})
		return
	}
	s.mu.Lock()
	h := s.envoys().Pick(s.now())
	pod, found := Pod{}, false
	for _, p := range s.pods {
		if h != nil && p.Name == h.Name {
			pod, found = p, true
		}
	}
	s.mu.Unlock()
	if !found {
		time.Sleep(time.Millisecond)
		answer(sent, timeline.Answer{Latency: s.since(sent), Code: 503, Said: "no healthy upstream"})
		return
	}
	time.Sleep(pod.Delay)
	s.ended(h, pod)
	if s.Retries && pod.Code >= 500 {
		s.request(answer)
		return
	}
	took := s.since(sent)
	answer(sent, timeline.Answer{Latency: took, Code: pod.Code, Pod: pod.Name, Version: pod.Version, Upstream: new(took.Truncate(time.Millisecond))})
}

func (s *Sim) since(sent time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now().Sub(sent)
}

// ended books an answer, and has the main thread decide a moment later.
func (s *Sim) ended(h *envoy.Host, pod Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cluster := s.envoys()
	reached := cluster.Book(h, pod.Code)
	decide := func() {
		for _, kind := range reached {
			if cluster == s.cluster {
				s.write(cluster.Decide(h, kind, s.now()))
			}
		}
	}
	if s.Post == 0 || len(reached) == 0 {
		decide()
		return
	}
	time.AfterFunc(s.Post, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		decide()
	})
}

func (s *Sim) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(s.envoys().Sweep(s.now()))
}
