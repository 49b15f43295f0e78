package envoyadmin

import (
	"net/url"
	"regexp"
)

// ClustersPath is the admin path of one cluster's endpoints. An Envoy that
// knows no filter answers with all clusters; ParseClusters reads either.
func ClustersPath(cluster string) string {
	return "/clusters?format=json&filter=" + url.QueryEscape("^"+regexp.QuoteMeta(cluster)+"$")
}

// StatsPath is the admin path, for text, of what ParseStats reads of one cluster.
// There is no "usedonly" in it: a counter that is missing because it is still 0
// could not be told from one that is not exported.
func StatsPath(cluster string) string { return "/stats?filter=" + statsFilter(cluster) }

// StatsJSONPath is StatsPath for ParseStatsJSON.
func StatsJSONPath(cluster string) string { return StatsPath(cluster) + "&format=json" }

// statsFilter takes every ejections_enforced_*, so that a detector
// of a later Envoy is not overlooked.
func statsFilter(cluster string) string {
	return url.QueryEscape(`^(cluster\.` + regexp.QuoteMeta(cluster) +
		`;?\.(outlier_detection\.ejections_(active|overflow|enforced_.+|detected_consecutive_(5xx|gateway_failure))|membership_(healthy|total)|lb_healthy_panic|upstream_cx_none_healthy|upstream_rq_(retry|pending_overflow))|server\.uptime)$`)
}
