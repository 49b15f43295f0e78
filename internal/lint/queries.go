package lint

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"istio-circuit-breaker/internal/breaker"
)

// query is an expression of Prometheus over counters of outlier detection.
type query struct {
	*object
	path     string
	at       Position
	counters []string
	rates    bool // takes the rate of the gauge
}

// queries takes the expressions of a rule file's groups.
func (l *Linter) queries(o *object, root *yaml.Node, path ...string) {
	for i, group := range items(root, path...) {
		for j, rule := range items(group, "rules") {
			key, expr := get(rule, "expr")
			if expr == nil || !strings.Contains(expr.Value, outlierPrefix) {
				continue
			}
			plain := plainQuery(expr.Value)
			q := query{object: o, at: o.at(key), path: dotted(append(slices.Clone(path), index(i), "rules", index(j), "expr")...), counters: countersIn(plain), rates: ratesGaugeIn(plain)}
			if len(q.counters) > 0 {
				l.asked = append(l.asked, q)
			}
		}
	}
}

// uses are the detectors that the rules in the texts have.
type uses struct {
	rules, gatewayOnly, gateway, any5xx, local int
	// late and detected are those whose gateway threshold is reached only by pods that
	// the percentage kept in, and those that Envoy counts to it at all, enforced or not.
	late, detected int
	first          *block // that counts gateway errors only
}

func (l *Linter) uses() (u uses) {
	for _, r := range l.rules {
		for _, b := range r.blocks {
			_, by := b.rule.Threshold()
			if b.broken || b.rule.Through() || by == breaker.NoDetector && b.local() == 0 {
				continue
			}
			u.rules++
			off := b.rule.Consecutive5xxErrors != nil && *b.rule.Consecutive5xxErrors == 0
			switch {
			case by == breaker.GatewayDetector && off:
				u.gatewayOnly++
				if u.first == nil {
					u.first = b
				}
			case by != breaker.NoDetector:
				u.any5xx++
			}
			switch {
			case by == breaker.GatewayDetector:
				u.gateway++
			case b.masked() && b.rule.Overflows():
				u.late++
			}
			if b.detectsGateway() {
				u.detected++
			}
			if b.local() > 0 {
				u.local++
			}
		}
	}
	return u
}

// detectsGateway is whether Envoy's count of gateway errors may reach its threshold,
// which is 5 and not enforced where the rule sets none. Source: envoy
// outlier_detection.proto; outlier_detection_impl.cc, onConsecutiveErrorWorker.
func (b *block) detectsGateway() bool {
	r := b.rule
	if r.ConsecutiveGatewayErrors == nil {
		r.ConsecutiveGatewayErrors = new(uint32(5))
	}
	_, by := r.Threshold()
	return by == breaker.GatewayDetector || *r.ConsecutiveGatewayErrors > 0 && r.Overflows()
}

// answered finds queries that never answer what they ask.
func (l *Linter) answered() {
	u := l.uses()
	var last *object
	for _, q := range l.asked {
		if q.object != last {
			last = q.object
			l.add(q.found(notExported, q.at, q.path, "Sidecars export no outlier_detection metric unless proxyStatsMatcher includes it: without that the query has no data.",
				"istio ops/configuration/telemetry/envoy-stats; istio/istio#18973", "set proxyStatsMatcher in proxy.istio.io/config of the callers' pods, or mesh-wide"))
		}
		for _, counter := range q.counters {
			l.asks(q, counter, u)
		}
		if q.rates {
			l.add(q.found(ratesGauge, q.at, q.path, "ejections_active is a gauge, the pods that are out now: a rate of it tells nothing.", envoyStats, "compare the gauge itself, or take the rate of ejections_enforced_total"))
		}
	}
}

// deprecated is what the deprecated counters rise for.
var deprecated = map[string]string{
	"ejections_total":           "it rises for errors of any 5xx, and for each pod that the detector of success rates finds, which Istio lets eject none.",
	"ejections_consecutive_5xx": "it rises for errors of any 5xx, also where the percentage keeps the pod in.",
	"ejections_success_rate":    "it rises for each pod that the detector of success rates finds, which Istio lets eject none.",
}

func (l *Linter) asks(q query, counter string, u uses) {
	metric := outlierPrefix + counter
	if !counts(counter) {
		near := "ejections_enforced_total, or ejections_active for those that are out now"
		if is := nearestCounter(counter); is != "" {
			near = is
		}
		l.add(q.found(unknownCounter, q.at, q.path, fmt.Sprintf("Envoy has no %s: the query has no data, and never fires.", metric), envoyStats, "ask for "+outlierPrefix+near))
		return
	}
	never := func(who string) {
		l.add(q.found(wrongDetector, q.at, q.path, fmt.Sprintf("%s stays 0: %s.", metric, who), envoyStats, "ask for envoy_cluster_outlier_detection_ejections_enforced_total"))
	}
	switch counter {
	case "ejections_total", "ejections_consecutive_5xx", "ejections_success_rate":
		f := q.found(deprecatedCounter, q.at, q.path, metric+" is deprecated: "+deprecated[counter]+" Ejections for gateway errors are not in it.",
			envoyDetector+", ejectHost, onConsecutiveErrorWorker, processSuccessRateEjections; "+envoyStats, "ask for envoy_cluster_outlier_detection_ejections_enforced_total")
		if u.first != nil {
			f.Severity = Error
			f.Text += fmt.Sprintf(" %s counts gateway errors alone: none of its ejections is in it.", u.first.of)
		}
		l.add(f)
	case "ejections_enforced_consecutive_5xx", "ejections_detected_consecutive_5xx":
		if u.rules > 0 && u.any5xx == 0 {
			never("every rule in what was read counts gateway errors alone")
		}
	case "ejections_enforced_consecutive_gateway_failure":
		switch {
		case u.rules == 0 || u.gateway > 0:
		case u.late > 0:
			f := q.found(wrongDetector, q.at, q.path, metric+" hardly rises: in every rule in what was read a threshold of 5xx is reached before that of gateway errors, but for pods that maxEjectionPercent kept in.",
				envoyStats+"; "+envoyDetector, "ask for envoy_cluster_outlier_detection_ejections_enforced_total")
			f.Severity = Warning
			l.add(f)
		default:
			never("no rule in what was read ejects by gateway errors")
		}
	case "ejections_detected_consecutive_gateway_failure":
		if u.rules > 0 && u.detected == 0 {
			never("no rule in what was read has Envoy count to a threshold of gateway errors")
		}
	case "ejections_enforced_consecutive_local_origin_failure", "ejections_detected_consecutive_local_origin_failure":
		if u.rules > 0 && u.local == 0 {
			never("no rule in what was read has splitExternalLocalOriginErrors")
		}
	case "ejections_enforced_success_rate", "ejections_enforced_failure_percentage", "ejections_enforced_local_origin_success_rate", "ejections_enforced_local_origin_failure_percentage":
		l.add(q.found(detectorOff, q.at, q.path, metric+" stays 0: Istio switches that detector off, and has no field for it.",
			pilotPolicy+"; istio/istio#35618", "ask for envoy_cluster_outlier_detection_ejections_enforced_total"))
	}
}
