package meshtest

import (
	"context"
	"slices"
	"time"

	"istio-circuit-breaker/internal/mesh/meshtest/envoy"

	networking "istio.io/api/networking/v1alpha3"
)

const (
	// thread is what a post between two of Envoy's threads takes here.
	thread = 200 * time.Microsecond
	// timers bounds how late its timers fire.
	timers = 2 * time.Millisecond
	// flush is Envoy's interval for statistics, which server.uptime goes by.
	flush = 5 * time.Second
)

// run has the sidecar do what is due, and writes its log, from its first use
// until ctx ends.
func (s *Sim) run(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-s.kick:
	}
	for {
		s.mu.Lock()
		s.log()
		next := s.envoy.Next()
		s.mu.Unlock()
		wait := time.Hour
		if !next.IsZero() {
			wait = time.Until(next)
		}
		due := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			due.Stop()
			return
		case <-s.kick:
		case <-due.C:
		}
		due.Stop()
	}
}

// sidecar is the client's Envoy, made at the first use.
func (s *Sim) sidecar() *envoy.Cluster {
	if s.envoy == nil {
		s.began, s.retries = time.Now(), 0
		s.envoy = envoy.New(time.Now(), s.secret())
		s.envoy.SetHosts(time.Now(), s.hosts())
		s.woken()
	}
	return s.envoy
}

// woken has run look at what is due now.
func (s *Sim) woken() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// RestartSidecar forgets what the sidecar knows, as a restart of it does.
func (s *Sim) RestartSidecar() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
}

func (s *Sim) forget() {
	if s.envoy != nil {
		s.log()
	}
	s.envoy = nil
	s.sidecar()
}

// rule is what the sidecar's configuration is made of.
func (s *Sim) rule() *networking.DestinationRule {
	if s.InForce != nil {
		return s.InForce.Spec()
	}
	return s.declared
}

// secret is the configuration that the sidecar goes by, which is not what it
// shows in every world.
func (s *Sim) secret() envoy.Config {
	c := translated(s.rule())
	c.Thread, c.Late, c.Seed, c.Wrong = max(s.Post, thread), timers, uint64(s.life)+1, s.Wrong
	if s.Secretly != nil {
		s.Secretly(&c)
	}
	return c
}

// hosts are the pods as Istio sends them. Unready ones are sent as unhealthy,
// unless the rule sets minHealthPercent. Source: istio pilot/pkg/model/
// service.go, SupportsUnhealthyEndpoints (istio/istio#60690).
func (s *Sim) hosts() []envoy.Host {
	spec := s.rule()
	_, outlier := policyOf(spec)
	nearest := failsOver(spec) && s.Locality != ""
	var hosts []envoy.Host
	var distances []int
	for _, pod := range s.pods {
		if pod.NotReady && outlier.GetMinHealthPercent() > 0 {
			continue
		}
		h := envoy.Host{Address: s.address(pod.Name), Unhealthy: pod.NotReady}
		if nearest {
			h.Priority = distance(s.Locality, pod.Locality)
		}
		hosts = append(hosts, h)
		distances = append(distances, h.Priority)
	}
	// Priorities follow each other without a gap.
	slices.Sort(distances)
	distances = slices.Compact(distances)
	for i := range hosts {
		hosts[i].Priority = slices.Index(distances, hosts[i].Priority)
	}
	return hosts
}
