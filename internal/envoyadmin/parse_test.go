package envoyadmin

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/timeline"
)

const (
	servicex = "outbound|80||servicex-service.circuit-breaker.svc.cluster.local" // statistics with ";"
	other    = "outbound|80||other-service.circuit-breaker.svc.cluster.local"    // without
)

func captured(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestClustersTellWhichEndpointIsEjected(t *testing.T) {
	outlier := []string{"failed_outlier_check"}
	tests := []struct {
		name, file, cluster string
		want                []Endpoint
	}{
		{"before any error", "before.clusters.json", servicex, []Endpoint{
			{Address: "127.0.0.1:33153", Requests: 1, Errors: 1},
			{Address: "127.0.0.1:41345", Requests: 1, Successes: 1}}},
		{"ejected, among several clusters", "ejected.clusters.json", servicex, []Endpoint{
			{Address: "127.0.0.1:33153", Ejected: true, Flags: outlier, Requests: 3, Errors: 3},
			{Address: "127.0.0.1:41345", Requests: 11, Successes: 11}}},
		{"the other cluster of the same answer", "ejected.clusters.json", other, []Endpoint{
			{Address: "127.0.0.1:40297", Requests: 11, Successes: 11},
			{Address: "127.0.0.1:44587", Ejected: true, Flags: outlier, Requests: 3, Errors: 3}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseClusters(captured(t, tt.file), tt.cluster)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ParseClusters() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAReturnedEndpointHasNoFlag(t *testing.T) {
	got, err := ParseClusters(captured(t, "returned.clusters.json"), servicex)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("got %d endpoints, want 2", len(got))
	}
	for _, e := range got {
		if e.Ejected || len(e.Flags) > 0 {
			t.Errorf("endpoint %s: ejected %t, flags %v; want in rotation", e.Address, e.Ejected, e.Flags)
		}
	}
}

func TestClustersWithoutTheCluster(t *testing.T) {
	// {} is Envoy's whole answer where the filter matches nothing.
	for _, data := range [][]byte{[]byte("{}\n"), captured(t, "before.clusters.json")} {
		if _, err := ParseClusters(data, "outbound|80||absent"); !errors.Is(err, ErrNoCluster) {
			t.Errorf("ParseClusters() error = %v, want ErrNoCluster", err)
		}
	}
}

func TestClustersOfOtherShapes(t *testing.T) {
	const shapes = `{"cluster_statuses":[{"name":"c","host_statuses":[
		{"address":{"socket_address":{"address":"fd00::1","port_value":8080}},"hostname":"pod-a","health_status":{"eds_health_status":"DRAINING","failed_active_health_check":true}},
		{"address":{"pipe":{"path":"/run/s"}}},
		{"address":{"envoy_internal_address":{"server_listener_name":"connect_originate","endpoint_id":"10.0.0.1:80"}}}]}]}`
	want := []Endpoint{
		{Address: "/run/s"},
		{Address: "10.0.0.1:80"},
		{Address: "[fd00::1]:8080", Hostname: "pod-a", Flags: []string{"draining", "failed_active_health_check"}},
	}
	got, err := ParseClusters([]byte(shapes), "c")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ParseClusters() (-want +got):\n%s", diff)
	}
}

func TestStatsOfOneCluster(t *testing.T) {
	ejected := timeline.Counters{EjectionsActive: 1, EnforcedTotal: 1, EnforcedGateway: 1, DetectedGateway: 1, Exported: true}
	tests := []struct {
		name, file, cluster string
		want                Stats
	}{
		{"before, names with ;", "before.stats.txt", servicex,
			Stats{Counters: timeline.Counters{Exported: true}, MembershipHealthy: 2, MembershipTotal: 2, MembershipExported: true}},
		{"ejected, names with ;", "ejected.stats.txt", servicex,
			Stats{Counters: ejected, MembershipHealthy: 1, MembershipTotal: 2, MembershipExported: true}},
		{"ejected, names without ;, membership not exported", "ejected.stats.txt", other, Stats{Counters: ejected}},
		{"returned twice", "returned.stats.txt", servicex,
			Stats{Counters: timeline.Counters{EnforcedTotal: 2, EnforcedGateway: 2, DetectedGateway: 2, Exported: true},
				MembershipHealthy: 2, MembershipTotal: 2, MembershipExported: true}},
		{"another cluster's counters only", "ejected.stats.txt", "outbound|80||absent", Stats{}},
		{"a name that only begins like one", "ejected.stats.txt", "outbound|80||other", Stats{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseStats(captured(t, tt.file), tt.cluster)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ParseStats() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatsAsJSONSayTheSame(t *testing.T) {
	for _, cluster := range []string{servicex, other} {
		text, err := ParseStats(captured(t, "ejected.stats.txt"), cluster)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseStatsJSON(captured(t, "ejected.stats.json"), cluster)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text.Counters, got.Counters); diff != "" {
			t.Errorf("%s: ParseStatsJSON() (-text +json):\n%s", cluster, diff)
		}
	}
}

func TestStatsThatAreNotExported(t *testing.T) {
	text, err := ParseStats(nil, servicex)
	if err != nil || text.Counters.Exported {
		t.Errorf("ParseStats(nothing) = %+v, %v; want not exported", text, err)
	}
	json, err := ParseStatsJSON([]byte(`{"stats":[]}`), servicex)
	if err != nil || json.Counters.Exported {
		t.Errorf("ParseStatsJSON(nothing) = %+v, %v; want not exported", json, err)
	}
}

func TestStatsThatAreNoNumbersAreErrors(t *testing.T) {
	const want = `reading Envoy's statistic "cluster.c.membership_total": strconv.ParseUint: parsing "many": invalid syntax`
	if _, err := ParseStats([]byte("cluster.c.membership_total: many\n"), "c"); err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestEventLinesAreReadAmongOthers(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	want := []OutlierEvent{
		{Time: at("2026-11-24T09:47:06.873Z"), Cluster: servicex, Address: "127.0.0.1:33153", Ejected: true, Enforced: true, Type: "CONSECUTIVE_GATEWAY_FAILURE", Ejections: 1},
		{Time: at("2026-11-24T09:47:06.874Z"), Cluster: other, Address: "127.0.0.1:44587", Ejected: true, Enforced: true, Type: "CONSECUTIVE_GATEWAY_FAILURE", Ejections: 1},
		{Time: at("2026-11-24T09:47:09.802Z"), Cluster: other, Address: "127.0.0.1:44587", Ejections: 1, Since: 2 * time.Second},
		{Time: at("2026-11-24T09:47:09.802Z"), Cluster: servicex, Address: "127.0.0.1:33153", Ejections: 1, Since: 2 * time.Second},
		{Time: at("2026-11-24T09:47:10.038Z"), Cluster: servicex, Address: "127.0.0.1:33153", Ejected: true, Enforced: true, Type: "CONSECUTIVE_GATEWAY_FAILURE", Ejections: 2},
		{Time: at("2026-11-24T09:47:14.812Z"), Cluster: servicex, Address: "127.0.0.1:33153", Ejections: 2, Since: 4 * time.Second},
	}
	log := logLines(captured(t, "events.log"))
	var got []OutlierEvent
	for _, line := range log {
		if e, ok := ParseEvent(line); ok {
			got = append(got, e)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// logLines mixes the lines of a sidecar's log that are no events into data,
// and gives one event a time stamp in front, as kubectl logs --timestamps does.
func logLines(data []byte) [][]byte {
	lines := [][]byte{
		[]byte("2026-11-24T09:47:01.000000Z\tinfo\tEnvoy proxy is ready"),
		[]byte(`[2026-11-24T09:47:06.1Z] "GET / HTTP/1.1" 504 - via_upstream - "-" 0 0 3 3 "-" "{" "x"`),
		[]byte(`{"level":"info","time":"2026-11-24T09:47:01Z","msg":"ready"}`),
		[]byte(`{"type":"CONSECUTIVE_5XX","timestamp":"2026-11-24T09:47:0`), nil,
	}
	for i, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		if i == 0 {
			line = append([]byte("2026-11-24T09:47:07.000000000Z "), line...)
		}
		lines = append(lines, line)
	}
	return lines
}

// An Envoy that knows no filter says all; hosts of no interest may be anything.
func TestOfClustersThatNobodyWantsTheNameAloneIsRead(t *testing.T) {
	text := []byte(`{"cluster_statuses":[{"name":"a","host_statuses":[{"stats":[{"name":"rq_total","value":"x"}]}]},{"name":"b;","host_statuses":[]},{"name":"c"},{"name":"b"}]}`)
	got, err := ParseSomeClusters(text, func(name string) bool { return name != "a" })
	if err != nil || len(got) != 2 || got["b"] == nil || got["c"] == nil {
		t.Errorf("got %v, %v, want b and c, without hosts", got, err)
	}
	if _, err := ParseSomeClusters(text, func(name string) bool { return name == "a" }); err == nil {
		t.Error("want the error of what is wanted")
	}
	if all, err := ParseSomeClusters(captured(t, "ejected.clusters.json"), func(string) bool { return true }); err != nil || len(all[servicex]) == 0 || len(all) < 2 {
		t.Errorf("of a real Envoy: got %v, %v", all, err)
	}
}
