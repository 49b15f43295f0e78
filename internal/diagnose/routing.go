package diagnose

import (
	"fmt"
	"slices"
	"strings"
)

const flags = "envoy docs, access log response flags; source/common/http/utility and router"

// sidecars are of what the caller's sidecar does by itself, told by its words.
func sidecars() []rule {
	says := func(code, text, fix string, words ...string) rule {
		return rule{code: code, source: flags, fix: always(fix), when: func(s Seen) (string, bool) {
			n, said := s.said(words...)
			return fmt.Sprintf("%s: the sidecar itself answered %d times %q", text, n, said), n > 0 && s.failed("mix", "trip", "clean", "off")
		}}
	}
	return []rule{
		{code: "mtls-mismatch", source: "istio docs, PeerAuthentication; " + flags,
			fix: always("take `tls.mode: DISABLE` out of the DestinationRule, or set the PeerAuthentication to PERMISSIVE"),
			when: func(s Seen) (string, bool) {
				n, said := s.said("upstream connect error", "TLS_error", "connection termination")
				detail, is := s.symptom("mtls-mismatch")
				return fmt.Sprintf("mTLS mismatch: %s; the sidecar itself answered %d times %q", detail, n, said), is && n > 0
			}},
		says("fault-injection", "fault injection: a VirtualService aborts or delays requests before they reach a pod, and these never count", "take `fault` out of the VirtualService", "fault filter abort"),
		says("no-route", "no route (flag NR): the sidecar has no route for this host", "look at VirtualServices of the host, and at the Service's port name", "no route", "filter_chain_not_found"),
		says("no-cluster", "no cluster (flag NC): a route leads to a cluster that the sidecar does not have", "declare the subset that the VirtualService names", "cluster not found", "no cluster"),
		says("pool-overflow", "pool overflow (flag UO): connectionPool limits refuse requests; that is another mechanism than outlier detection", "raise connectionPool of the DestinationRule", "overflow"),
		says("upstream-timeout", "upstream timeout (flag UT): a timeout of the mesh is shorter than the pods' delay", "raise `timeout` of the VirtualService", "upstream request timeout", "response timeout"),
		says("upstream-connection-failure", "connection failure (flag UF): the sidecar does not reach the pods", "look at NetworkPolicies, at the container port, and at PeerAuthentication", "upstream connect error", "connection failure", "connection termination", "delayed connect error"),
		{code: "no-healthy-upstream", source: flags, fix: always("look at the pods' readiness, and at what is ejected: `observe watch`"),
			when: func(s Seen) (string, bool) {
				n, said := s.said("no healthy upstream")
				return fmt.Sprintf("no healthy upstream (flag UH): the sidecar itself answered %d times %q", n, said), n > 0 && s.failed("mix", "trip", "clean")
			}},
		{code: "pool-overflow", source: flags, fix: always("raise connectionPool of the DestinationRule"),
			when: func(s Seen) (string, bool) {
				return fmt.Sprintf("pool overflow: connectionPool limits refused %d requests (upstream_rq_pending_overflow)", s.Rise.PoolOverflow), s.Rise.PoolOverflow > 0
			}},
		{code: "statistics-missing", source: "istio docs, envoy statistics", fix: always("set proxyStatsMatcher with inclusionRegexps \".*outlier_detection.*\" in the client pod's annotation proxy.istio.io/config and restart it"),
			when: func(s Seen) (string, bool) {
				return "statistics not exported: sidecars keep none of outlier_detection by default", s.Looked && s.Rule.Enabled && !s.Rise.Exported && s.failed("preflight", "counters")
			}},
		{code: "detected-not-enforced", source: detection, fix: always("look for an EnvoyFilter that changes enforcing_consecutive_gateway_failure"),
			when: func(s Seen) (string, bool) {
				return fmt.Sprintf("detected but not enforced: the sidecar counts %d ejections that it does not carry out", s.Unenforced), s.Unenforced > 0 && s.failed("trip") && s.ejections() == 0
			}},
	}
}

// routings are of requests that go elsewhere than it looks.
func routings() []rule {
	return []rule{
		{code: "retries-mask", source: "istio pilot/pkg/networking/core/route/retry/retry.go", fix: always("503 is tried again by default: set retries.attempts 0 in a VirtualService"),
			when: func(s Seen) (string, bool) {
				counted, seen := uint64(0), 0
				for _, p := range s.Pods {
					counted, seen = counted+p.Errors, seen+p.gateway()
				}
				had := "none"
				if seen > 0 {
					had = fmt.Sprint(seen)
				}
				return fmt.Sprintf("retries mask the errors: the sidecar has counted %d, the caller has seen %s", counted, had),
					counted > 0 && seen == 0 && !s.fails() && s.failed("mix", "trip") || s.Rise.Retries > 0 && s.failed("mix", "trip", "counters")
			}},
		{code: "locality-failover", source: "istio docs, locality load balancing; istio/istio#39477", fix: always("set localityLbSetting.enabled to false in the DestinationRule (the stack does: `pulumi up`)"),
			when: func(s Seen) (string, bool) {
				zones := map[string]bool{}
				var uncalled []string
				for _, p := range s.Pods {
					if zones[p.Locality] = true; p.Booked == 0 && p.answered() == 0 && !p.Gone {
						uncalled = append(uncalled, p.Name+" in "+orNone(p.Locality))
					}
				}
				off := s.Rule.Locality != nil && !*s.Rule.Locality
				slices.Sort(uncalled)
				return "zones: outlierDetection switches locality failover on, and callers stay in their own zone: never called was " + strings.Join(uncalled, ", "),
					len(zones) > 1 && len(uncalled) > 0 && s.answered() > 0 && !off && s.failed("mix", "trip", "healthy")
			}},
		{code: "bypasses-sidecar", source: "istio docs, traffic.sidecar.istio.io annotations", fix: always("see the client pod's annotations traffic.sidecar.istio.io/*, and whether the Service is headless"),
			when: func(s Seen) (string, bool) {
				booked := uint64(0)
				for _, p := range s.Pods {
					booked += p.Booked
				}
				return fmt.Sprintf("bypasses the sidecar: pods gave %d answers, and the sidecar has counted no request", s.answered()), s.Looked && s.answered() >= 20 && booked == 0 && s.ejections() == 0
			}},
		{code: "other-caller", source: "the sidecar's rq_total", fix: always("see who else sends requests from the client pod"),
			when: func(s Seen) (string, bool) {
				if !s.failed("counters", "trip") || s.Rise.Retries > 0 {
					return "", false
				}
				for _, p := range s.Pods {
					if n := p.answered(); p.Booked > uint64(n)+50 && n > 0 {
						return fmt.Sprintf("another caller: the sidecar has sent %s %d requests, %d of them ours", p.Name, p.Booked, n), true
					}
				}
				return "", false
			}},
		{code: "answers-other-than-gateway", source: detection, fix: always("have the service fail with 502, 503 or 504, or set consecutive5xxErrors"),
			when: func(s Seen) (string, bool) {
				for _, p := range s.Pods {
					for code, n := range p.Answers {
						if p.Faulty && code >= 500 && (code < 502 || code > 504) && s.failed("mix", "trip") {
							return fmt.Sprintf("answers other than gateway errors: %s answered %d %d times, which starts the count of gateway errors again", p.Name, code, n), true
						}
					}
				}
				return "", false
			}},
		{code: "no-pod-fails", source: "the caller's answers", fix: always("see that the pods with version=504 run with error=yes"),
			when: func(s Seen) (string, bool) {
				faulty, errors := s.faulty(), uint64(0)
				answered := 0
				for _, p := range faulty {
					answered, errors = answered+p.answered(), errors+p.Errors+uint64(p.gateway())
				}
				return "no pod fails: the faulty pods answered, and none of it was an error", len(faulty) > 0 && answered > 0 && errors == 0 && s.failed("mix", "trip", "off")
			}},
	}
}

func orNone(locality string) string {
	if locality == "" {
		return "no zone"
	}
	return locality
}
