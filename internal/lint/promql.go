package lint

import (
	"regexp"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/spelling"
)

// outlierCounters are all that Envoy counts of outlier detection. Source: envoy
// envoy/upstream/outlier_detection.h and captures of Envoy 1.36 to 1.40, with which
// a test compares them.
var outlierCounters = []string{
	"ejections_active", "ejections_consecutive_5xx", "ejections_detected_consecutive_5xx", "ejections_detected_consecutive_gateway_failure",
	"ejections_detected_consecutive_local_origin_failure", "ejections_detected_degradation", "ejections_detected_failure_percentage",
	"ejections_detected_local_origin_failure_percentage", "ejections_detected_local_origin_success_rate", "ejections_detected_success_rate",
	"ejections_enforced_consecutive_5xx", "ejections_enforced_consecutive_gateway_failure", "ejections_enforced_consecutive_local_origin_failure",
	"ejections_enforced_failure_percentage", "ejections_enforced_local_origin_failure_percentage", "ejections_enforced_local_origin_success_rate",
	"ejections_enforced_success_rate", "ejections_enforced_total", "ejections_overflow", "ejections_success_rate", "ejections_total",
}

const gauge, outlierPrefix = "ejections_active", "envoy_cluster_outlier_detection_"

// Parts of PromQL; text in quotes is a unit, and a comment goes to the line's end.
var (
	quotedOrComment = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`|#[^\n]*")
	namedByLabel    = regexp.MustCompile(`\{\s*(?:__name__\s*=\s*)?["'](` + outlierPrefix + `\w+)["']\s*,?`)
	outlierMetric   = regexp.MustCompile(`(^|[^\w:])` + outlierPrefix + `([a-z0-9_]+)`)
	rateFunction    = regexp.MustCompile(`\b(?:rate|irate|increase)\s*\(`)
)

// plainQuery is a query without comments and strings, and with metrics by their names.
func plainQuery(expr string) string {
	expr = quotedOrComment.ReplaceAllStringFunc(expr, func(s string) string {
		if s[0] == '#' {
			return ""
		}
		return s
	})
	expr = namedByLabel.ReplaceAllString(expr, "$1{")
	return quotedOrComment.ReplaceAllString(expr, `""`)
}

// countersIn are the counters that a plain query asks for.
func countersIn(plain string) (all []string) {
	for _, m := range outlierMetric.FindAllStringSubmatchIndex(plain, -1) {
		name := plain[m[4]:m[5]]
		recorded := strings.HasPrefix(plain[m[5]:], ":") // a rule's own metric
		if !recorded && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// ratesGaugeIn tells whether a plain query takes a rate of what has the gauge in it.
func ratesGaugeIn(plain string) bool {
	for _, at := range rateFunction.FindAllStringIndex(plain, -1) {
		depth, end := 1, at[1]
		for ; end < len(plain) && depth > 0; end++ {
			switch plain[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		if slices.Contains(countersIn(plain[at[1]:end]), gauge) {
			return true
		}
	}
	return false
}

// nearestCounter is what a name that Envoy does not have is likely to mean, or "".
func nearestCounter(name string) string {
	for _, kind := range []string{"enforced_", "detected_"} {
		if whole := strings.Replace(name, "ejections_", "ejections_"+kind, 1); slices.Contains(outlierCounters, whole) {
			return whole
		}
	}
	return spelling.Nearest(name, outlierCounters)
}

// counts is whether Envoy has a counter; some pipelines put _total behind each.
func counts(name string) bool {
	return slices.Contains(outlierCounters, name) || slices.Contains(outlierCounters, strings.TrimSuffix(name, "_total"))
}
