package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"istio-circuit-breaker/internal/breaker"
)

// route is one entry of a VirtualService's http, as far as it matters to a
// breaker behind it.
type route struct {
	*object
	path     string
	to       []destination
	attempts int
	retryOn  string
	same     bool // tries may go to the same pod again
	retryAt  Position
	timeouts []timeout
	abortAt  Position // zero: no fault is injected
}

// destination is whom a route sends to; the host in full.
type destination struct{ host, subset, port string }

type timeout struct {
	field, value string
	at           Position
}

func (l *Linter) virtualService(o *object, root *yaml.Node) {
	for i, http := range items(root, "spec", "http") {
		r := &route{object: o, path: dotted("spec", "http", index(i))}
		for _, to := range items(http, "route") {
			if host := word(to, "destination", "host"); host != "" {
				r.to = append(r.to, destination{l.fullHost(host, o), word(to, "destination", "subset"), word(to, "destination", "port", "number")})
			}
		}
		if key, retries := get(http, "retries"); retries != nil {
			r.retryAt = o.at(key)
			r.attempts, _ = strconv.Atoi(word(retries, "attempts"))
			r.retryOn, r.same = word(retries, "retryOn"), word(retries, "retryIgnorePreviousHosts") == "false"
			if key, v := get(retries, "perTryTimeout"); v != nil && !none(v.Value) {
				r.timeouts = append(r.timeouts, timeout{"retries.perTryTimeout", v.Value, o.at(key)})
			}
		}
		if key, v := get(http, "timeout"); v != nil && !none(v.Value) {
			r.timeouts = append(r.timeouts, timeout{"timeout", v.Value, o.at(key)})
		}
		if key, abort := get(http, "fault", "abort"); abort != nil && !none(word(abort, "percentage", "value")) {
			r.abortAt = o.at(key)
		}
		if len(r.to) > 0 && (r.attempts > 0 || len(r.timeouts) > 0 || r.abortAt.Line > 0) {
			l.routes = append(l.routes, r)
		}
	}
}

// none tells whether a duration or a share is 0, or is not there.
func none(value string) bool {
	if d, err := time.ParseDuration(value); err == nil {
		return d == 0
	}
	n, err := strconv.ParseFloat(value, 64)
	return value == "" || err == nil && n == 0
}

// gatewayConditions are those of retryOn under which answers of 502, 503 or 504
// are tried again. Source: envoy docs, router filter, x-envoy-retry-on.
var gatewayConditions = []string{"5xx", "gateway-error", "502", "503", "504"}

func (r *route) hides() bool {
	return slices.ContainsFunc(strings.Split(r.retryOn, ","), func(on string) bool {
		return slices.Contains(gatewayConditions, strings.TrimSpace(on))
	})
}

// routed finds routes that change what a breaker counts, or what callers see.
func (l *Linter) routed() {
	if len(l.routes) == 0 {
		return
	}
	byHost := map[string]*destinationRule{}
	for _, r := range l.rules {
		if host := l.fullHost(r.host, r.object); len(r.blocks) > 0 && byHost[host] == nil {
			byHost[host] = r
		}
	}
	for _, r := range l.routes {
		done := map[*destinationRule]bool{} // of several blocks of a rule one is said
		for _, to := range r.to {
			if rule := byHost[to.host]; rule != nil && !done[rule] {
				done[rule] = l.routedTo(r, rule, rule.blockOf(to.subset, to.port))
			}
		}
	}
}

// routedTo finds what a route does to a block of a rule; false where that ejects nothing.
func (l *Linter) routedTo(r *route, rule *destinationRule, b *block) bool {
	if b == nil || b.broken || b.rule.Through() {
		return false
	}
	errors, by := b.rule.Threshold()
	if by == breaker.NoDetector {
		return false
	}
	if r.attempts > 0 && r.hides() {
		text := fmt.Sprintf("Callers do not see errors that a retry mends, and each try counts for its pod: one request may book %s. %s ejects after %d.",
			breaker.Count(r.attempts+1, "error"), rule.object, errors)
		if r.same && uint64(r.attempts)+1 >= uint64(errors) {
			text += " As tries may go to the same pod, one request may eject it."
		}
		l.add(r.found(retriesHide, r.retryAt, dotted(r.path, "retries"), text, pilotRetry+"; "+envoyDetector,
			"expect fewer failed requests than the threshold; take 5xx and gateway-error out of retryOn to see each"))
	}
	for _, t := range r.timeouts {
		counts := "as a gateway error (504)"
		if b.rule.SplitLocal {
			counts = "as a failure of the sidecar's own, for consecutiveLocalOriginFailures"
		}
		l.add(r.found(timeoutCounts, t.at, dotted(r.path, t.field), fmt.Sprintf("A pod that takes longer than %s counts %s for %s: slow pods are ejected, too.", t.value, counts, rule.object),
			"envoy source/common/router/router.cc; "+envoyDetector, "nothing to mend, if that is meant"))
	}
	if r.abortAt.Line > 0 {
		l.add(r.found(faultNotCounted, r.abortAt, dotted(r.path, "fault", "abort"), fmt.Sprintf("Injected aborts are answered before a pod is chosen: they never count, and %s ejects nothing for them.", rule.object),
			"envoyproxy/envoy#198; istio/istio#12349", "have the service itself fail to try the breaker"))
	}
	return true
}
