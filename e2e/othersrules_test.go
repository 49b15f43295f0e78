//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// detectionOf is outlier detection as a caller's config dump has it; nil without.
type detectionOf struct {
	Any5xx           *int   `json:"consecutive_5xx"`
	Enforcing5xx     *int   `json:"enforcing_consecutive_5xx"`
	Gateway          *int   `json:"consecutive_gateway_failure"`
	EnforcingGateway *int   `json:"enforcing_consecutive_gateway_failure"`
	Interval         string `json:"interval"`
	Base             string `json:"base_ejection_time"`
	Percent          int    `json:"max_ejection_percent"`
}

func dumpedFor(t *testing.T, namespace, host string) *detectionOf {
	t.Helper()
	text, err := asked(t, namespace, "config_dump?resource=dynamic_active_clusters&name_regex="+url.QueryEscape(`outbound\|80\|\|`+regexp.QuoteMeta(host)+";?"))
	if err != nil {
		t.Fatal(err)
	}
	var dump struct {
		Configs []struct {
			Cluster struct {
				Detection *detectionOf `json:"outlier_detection"`
			} `json:"cluster"`
		} `json:"configs"`
	}
	decode(t, text, &dump)
	if len(dump.Configs) != 1 {
		t.Fatalf("the Envoy in %s has %d clusters of %s", namespace, len(dump.Configs), host)
	}
	return dump.Configs[0].Cluster.Detection
}

// threshold is as explain writes one: Envoy's default where nothing is set, and off
// where it does not enforce it; gateway errors are not enforced by default.
func threshold(value, enforcing *int, otherwise string) string {
	if enforcing != nil && *enforcing == 0 {
		return "off"
	}
	if value == nil {
		return otherwise
	}
	return strconv.Itoa(*value)
}

// explainsOthers: what is explained of each caller is in its Envoy's configuration.
func explainsOthers(t *testing.T) {
	for _, tt := range []struct{ namespace, service, rule string }{
		{alpha, "httpbin", alpha + "/httpbin-own"},
		{beta, "httpbin", shop + "/httpbin"},
		{edge, "httpbin", shop + "/httpbin"},
		{alpha, "fortio", ""},
		{beta, "fortio", shop + "/fortio"},
		{edge, "fortio", shop + "/fortio"},
	} {
		t.Run(tt.namespace+" to "+tt.service, func(t *testing.T) {
			explainsAsDumped(t, tt.namespace, tt.service, tt.rule)
		})
	}
}

func explainsAsDumped(t *testing.T, namespace, service, rule string, flags ...string) {
	t.Helper()
	host := service + "." + shop + ".svc.cluster.local"
	var e explained
	args := append([]string{observeCommand, "explain", "--service", service + "." + shop, "--json",
		"--from", "deployment/" + strings.TrimPrefix(namespace, shop+"-") + "." + namespace}, flags...)
	decode(t, run(t, args...), &e)
	if len(e.Has) != 1 || e.Service != host {
		t.Fatalf("got %+v", e)
	}
	hosts, err := hostsOf(t, namespace, host)
	if err != nil || e.Has[0].Pods != len(hosts) || len(hosts) == 0 {
		t.Errorf("explained are %d pods, its Envoy has %v, %v", e.Has[0].Pods, hosts, err)
	}
	has := dumpedFor(t, namespace, host)
	if (has == nil) != (rule == "") {
		t.Fatalf("its Envoy has %+v, want the rule %q", has, rule)
	}
	if has == nil {
		if value, _ := e.field("outlierDetection"); value != "off" {
			t.Errorf("its Envoy has no outlier detection, explained is %+v", e.Has[0].Fields)
		}
		return
	}
	want := map[string]string{
		"consecutive5xxErrors":     threshold(has.Any5xx, has.Enforcing5xx, "5"),
		"consecutiveGatewayErrors": threshold(has.Gateway, has.EnforcingGateway, "off"),
		"maxEjectionPercent":       strconv.Itoa(has.Percent),
		"interval":                 has.Interval, "baseEjectionTime": has.Base,
	}
	got := map[string]string{}
	for name := range want {
		value, from := e.field(name)
		if d, err := time.ParseDuration(value); err == nil {
			value = fmt.Sprintf("%ds", int(d.Seconds())) // as Envoy writes it
		}
		got[name] = value
		if name == "maxEjectionPercent" && from != rule {
			t.Errorf("%s is of %q, want %q", name, from, rule)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-its Envoy +explained):\n%s", diff)
	}
}

// lintsOthers: what lint says a rule does is in the Envoy of whom it is in force for.
func lintsOthers(t *testing.T) {
	for _, tt := range []struct{ namespace, rule, caller, host string }{
		{alpha, "httpbin-own", alpha, httpbinHost},
		{shop, "httpbin", beta, httpbinHost},
		{shop, "fortio", edge, fortioHost},
	} {
		name := "DestinationRule " + tt.namespace + "/" + tt.rule
		l := lintCluster(t, "-n", tt.namespace)
		has, hosts := dumpedFor(t, tt.caller, tt.host), 0
		if all, err := hostsOf(t, tt.caller, tt.host); err != nil {
			t.Error(err)
		} else {
			hosts = len(all)
		}
		if got := l.pods(name); got != hosts || len(l.Unread) > 0 {
			t.Errorf("%s: %d pods, its Envoy has %d; not read %q", name, got, hosts, l.Unread)
		}
		errors, detector := has.Any5xx, "consecutive_5xx"
		if has.EnforcingGateway != nil && *has.EnforcingGateway > 0 {
			errors, detector = has.Gateway, "consecutive_gateway_failure"
		}
		for _, r := range l.Rules {
			if r.Object == name && (errors == nil || r.Errors != *errors || r.Detector != detector) {
				t.Errorf("%s: %d by %q, its Envoy has %+v", name, r.Errors, r.Detector, has)
			}
		}
		for _, f := range l.Findings {
			if f.Never && f.Object == name {
				t.Errorf("%s ejects, and lint says never: %s", name, f.Code)
			}
		}
	}
}
