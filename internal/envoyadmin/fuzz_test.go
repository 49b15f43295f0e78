package envoyadmin

import (
	"slices"
	"strings"
	"testing"
)

func FuzzParseClusters(f *testing.F) {
	for _, name := range []string{"before.clusters.json", "ejected.clusters.json", "returned.clusters.json"} {
		f.Add(captured(f, name), servicex)
	}
	f.Add([]byte("{}"), servicex)
	f.Fuzz(func(t *testing.T, data []byte, cluster string) {
		endpoints, err := ParseClusters(data, cluster)
		if err != nil && endpoints != nil {
			t.Errorf("endpoints %v beside the error %v", endpoints, err)
		}
		for _, e := range endpoints {
			if e.Ejected != slices.Contains(e.Flags, "failed_outlier_check") {
				t.Errorf("endpoint %+v: Ejected and Flags disagree", e)
			}
		}
	})
}

func FuzzParseStats(f *testing.F) {
	f.Add(captured(f, "ejected.stats.txt"), servicex)
	f.Add(captured(f, "ejected.stats.txt"), other)
	f.Fuzz(func(t *testing.T, data []byte, cluster string) {
		s, err := ParseStats(data, cluster)
		if err != nil && s != (Stats{}) {
			t.Errorf("stats %+v beside the error %v", s, err)
		}
		if s.Counters.Exported && !strings.Contains(string(data), "outlier_detection") {
			t.Errorf("counters out of nothing: %+v", s)
		}
	})
}

func FuzzParseStatsJSON(f *testing.F) {
	f.Add(captured(f, "ejected.stats.json"), servicex)
	f.Add([]byte(`{"stats":[{"histograms":{}}]}`), servicex)
	f.Fuzz(func(t *testing.T, data []byte, cluster string) {
		if s, err := ParseStatsJSON(data, cluster); err != nil && s != (Stats{}) {
			t.Errorf("stats %+v beside the error %v", s, err)
		}
	})
}

func FuzzParseEvent(f *testing.F) {
	for _, line := range logLines(captured(f, "events.log")) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, ok := ParseEvent(line)
		if ok && (e.Cluster == "" || e.Address == "" || e.Since < 0 || e.Ejections < 0 || !e.Ejected && e.Type != "") {
			t.Errorf("ParseEvent(%q) = %+v", line, e)
		}
		if !ok && e != (OutlierEvent{}) {
			t.Errorf("ParseEvent(%q) is no event, but %+v", line, e)
		}
	})
}
