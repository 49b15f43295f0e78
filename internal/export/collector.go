package export

import (
	"strconv"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/target"

	"github.com/prometheus/client_golang/prometheus"
)

// Labels that say whose view a sample is of. The caller is POD.NAMESPACE.
var viewLabels = []string{"service", "port", "subset", "caller", "caller_workload"}

var (
	ejected = prometheus.NewDesc("istio_outlier_ejected",
		"Whether a caller's Envoy has ejected a pod of the service now.", with("pod"), nil)
	since = prometheus.NewDesc("istio_outlier_ejected_timestamp_seconds",
		"Time by which a pod that is out was ejected, by the clock of the exporter; left out where the pod was out before.", with("pod"), nil)
	ejections = prometheus.NewDesc("istio_outlier_ejections_total",
		"Ejections that were seen, by Envoy's ejection type; unknown where no log or counter told.", with("pod", "cause"), nil)
	configured = prometheus.NewDesc("istio_outlier_detection_configured",
		"Whether a caller's Envoy has outlier detection for the service; left out where that is not known.", viewLabels, nil)
	up = prometheus.NewDesc("istio_outlier_caller_up",
		"Whether a caller can be read; nothing is known of one that cannot.", []string{"service", "caller", "caller_workload"}, nil)
)

func with(more ...string) []string { return append(append([]string{}, viewLabels...), more...) }

// Collector makes samples of what a session knows.
type Collector struct {
	// Matrix is what is known now.
	Matrix func() callers.Matrix
}

var _ prometheus.Collector = Collector{}

// Describe sends what there may be.
func (Collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{ejected, since, ejections, configured, up} {
		to <- d
	}
}

// Collect sends what there is.
func (c Collector) Collect(to chan<- prometheus.Metric) {
	m := c.Matrix()
	service := m.Target.String()
	read := map[callers.Caller]bool{}
	for _, v := range m.Views {
		read[v.Caller] = v.Lost == ""
		collectView(to, service, v)
	}
	for caller, can := range read {
		to <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, number(can), service, caller.String(), caller.Workload)
	}
	for _, u := range m.Unread {
		if !u.NoEnvoy {
			to <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, 0, service, u.Name, u.Workload)
		}
	}
}

// collectView sends what one caller says. What it said before it was lost is left
// out: nobody knows whether it is still so.
func collectView(to chan<- prometheus.Metric, service string, v callers.View) {
	t, _ := target.ParseCluster(v.Cluster)
	labels := []string{service, strconv.FormatUint(uint64(t.Port), 10), t.Subset, v.Caller.String(), v.Caller.Workload}
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, more ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, value, append(append([]string{}, labels...), more...)...)
	}
	for c, n := range v.Ejections {
		send(ejections, prometheus.CounterValue, float64(n), c.Pod, c.Cause)
	}
	if v.Lost != "" {
		return
	}
	if v.OutlierKnown {
		send(configured, prometheus.GaugeValue, number(v.Outlier != nil))
	}
	// A pod may have several addresses, and is out where one of them is.
	pods := map[string]callers.Cell{}
	for _, c := range v.Pods {
		if had, has := pods[c.Pod]; !has || c.Out && !had.Out {
			pods[c.Pod] = c
		}
	}
	for name, c := range pods {
		send(ejected, prometheus.GaugeValue, number(c.Out), name)
		if c.Out && !c.Since.Earliest.IsZero() {
			send(since, prometheus.GaugeValue, float64(c.Since.Latest.UnixMilli())/1000, name)
		}
	}
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
