package diagnose

import (
	"fmt"
	"slices"
	"strings"
)

const flags = "envoy docs, access log response flags; source/common/http/utility and router"

// routerReplies are without a body for a route or cluster that is missing.
const routerReplies = "envoy source/common/router/router.cc, decodeHeaders; measured"

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
		{code: "no-route", source: routerReplies, fix: always("look at VirtualServices of the host (`kubectl get virtualservices -A`), and at the Service's port name"),
			when: func(s Seen) (string, bool) {
				n := s.bare(404)
				return fmt.Sprintf("no route (flag NR): the sidecar itself answered 404 without a body %d times", n), n > 0 && s.failed("mix", "trip", "clean", "off")
			}},
		{code: "no-cluster", source: routerReplies, fix: always("declare the subset that the VirtualService names in the DestinationRule, or take it out of the VirtualService"),
			when: func(s Seen) (string, bool) {
				n := s.bare(503) + s.bare(500)
				detail, is := s.symptom("no-cluster")
				return fmt.Sprintf("no cluster (flag NC): the sidecar itself answered without a body %d times: %s", n, detail), is && n > 0
			}},
		says("pool-overflow", "pool overflow (flag UO): connectionPool limits refuse requests; that is another mechanism than outlier detection", "raise connectionPool of the DestinationRule", poolWord),
		says("upstream-timeout", "upstream timeout (flag UT): a timeout of the mesh is shorter than the pods' delay", "raise `timeout` of the VirtualService", "upstream request timeout", "response timeout"),
		{code: "upstream-connection-failure", source: flags, fix: always("look at NetworkPolicies, at the container port, and at PeerAuthentication"),
			when: func(s Seen) (string, bool) {
				n, said := s.said("upstream connect error", "connection failure", "connection termination", "delayed connect error")
				_, explained := s.symptom("mtls-mismatch")
				return fmt.Sprintf("connection failure (flag UF): the sidecar does not reach the pods: the sidecar itself answered %d times %q", n, said), n > 0 && !explained && s.failed("mix", "trip", "clean", "off")
			}},
		{code: "upstream-connection-failure", source: flags, fix: always("look at the pods' containers and their port: `kubectl describe pod`"),
			when: func(s Seen) (string, bool) {
				n, said := s.elsewhere("upstream connect error")
				return fmt.Sprintf("connection failure (flag UF): a sidecar behind the caller's answered %d times %q: a pod's container does not take connections", n, said), n > 0 && s.failed("mix", "trip", "clean", "off")
			}},
		{code: "no-healthy-upstream", source: flags, fix: always("look at the pods' readiness, and at what is ejected: `observe watch`"),
			when: func(s Seen) (string, bool) {
				n, said := s.said("no healthy upstream")
				return fmt.Sprintf("no healthy upstream (flag UH): the sidecar itself answered %d times %q", n, said), n > 0 && s.failed("mix", "trip", "clean")
			}},
		{code: "pool-overflow", source: flags, fix: always("raise connectionPool of the DestinationRule"),
			when: func(s Seen) (string, bool) {
				return fmt.Sprintf("pool overflow: connectionPool limits refused %d requests (upstream_rq_pending_overflow)", s.Rise.PoolOverflow), s.Rise.PoolOverflow > 0
			}},
		{code: "downstream-closed", source: flags, fix: always("give requests more time than the pods take: --timeout"),
			when: func(s Seen) (string, bool) {
				n, gateway := s.gaveUp(), 0
				for _, p := range s.faulty() {
					gateway += p.gateway()
				}
				return fmt.Sprintf("downstream closed (flag DC): the caller gave up %d requests before their answer, and had no error of a failing pod", n), n > 0 && gateway == 0 && s.failed("mix", "trip")
			}},
		{code: "statistics-renamed", source: "istio pilot/pkg/networking/core/cluster_builder.go, OutboundClusterStatName", fix: always("take outboundClusterStatName out of the mesh's configuration"),
			when: func(s Seen) (string, bool) {
				detail, is := s.symptom("statistics-renamed")
				return "statistics under another name: " + detail, is && !s.Rise.Exported
			}},
		{code: "statistics-missing", source: "istio docs, envoy statistics", fix: always("set proxyStatsMatcher with inclusionRegexps \".*outlier_detection.*\" in the client pod's annotation proxy.istio.io/config and restart it"),
			when: func(s Seen) (string, bool) {
				_, renamed := s.symptom("statistics-renamed")
				return "statistics not exported: sidecars keep none of outlier_detection by default", !renamed && s.Looked && s.Rule.Enabled && !s.Rise.Exported && s.failed("preflight", "counters")
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
				told := 0 // errors that the sidecar did pass on, in words of its own
				for _, o := range s.Own {
					if o.Code >= 500 {
						told += o.Count
					}
				}
				had := "none"
				if seen > 0 {
					had = fmt.Sprint(seen)
				}
				return fmt.Sprintf("retries mask the errors: the sidecar has counted %d, the caller has seen %s", counted, had),
					counted > uint64(told) && seen == 0 && !s.fails() && s.failed("mix", "trip") || s.Rise.Retries > 0 && told == 0 && s.failed("mix", "trip", "counters")
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
				text := fmt.Sprintf("bypasses the sidecar: pods gave %d answers, and the sidecar has counted no request", s.answered())
				if detail, is := s.symptom("no-route"); is { // Istio lets what it does not know pass
					text += ": " + detail
				}
				_, subset := s.symptom("hidden-by-subset") // counted there
				return text, !subset && s.Looked && s.answered() >= 20 && booked == 0 && s.ejections() == 0
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
