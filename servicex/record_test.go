package main

import (
	"encoding/json"
	"io"
	"testing"
	"time"
)

func TestLinesAreWhatTheObserverReads(t *testing.T) {
	sent := time.Date(2026, 3, 1, 12, 0, 0, 120_000_000, time.UTC)
	tests := map[string]struct {
		record record
		want   string
	}{
		"an answer": {record{sent, 1500 * time.Microsecond, 200, "servicex-6f7c8d-abcde", "200", "", nil, ""},
			`{"time":"2026-03-01T12:00:00.12Z","latency":1500000,"code":200,"pod":"servicex-6f7c8d-abcde","version":"200"}`},
		"an answer of somebody else, such as the sidecar": {record{sent, 0, 503, "", "", "", nil, ""},
			`{"time":"2026-03-01T12:00:00.12Z","latency":0,"code":503}`},
		"an answer that the sidecar waited for": {record{sent, 1500 * time.Microsecond, 504, "p", "504", "", new(time.Millisecond), ""},
			`{"time":"2026-03-01T12:00:00.12Z","latency":1500000,"code":504,"pod":"p","version":"504","upstream":1000000}`},
		"the sidecar's own words": {record{sent, 0, 503, "", "", "", nil, "no healthy upstream"},
			`{"time":"2026-03-01T12:00:00.12Z","latency":0,"code":503,"said":"no healthy upstream"}`},
		"no answer": {record{sent, time.Second, 0, "", "", `reading "x": timeout`, nil, ""},
			`{"time":"2026-03-01T12:00:00.12Z","latency":1000000000,"code":0,"error":"reading \"x\": timeout"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := string(tt.record.append(nil)); got != tt.want+"\n" {
				t.Errorf("got  %swant %s", got, tt.want)
			}
		})
	}
}

// FuzzRecord holds the encoding against encoding/json.
func FuzzRecord(f *testing.F) {
	f.Add(int64(0), int64(0), 0, "", "", "", int64(-1), "")
	f.Add(int64(1_700_000_000_123_456_789), int64(1), 200, "pod", "v1", "", int64(5), "upstream connect error")
	f.Add(int64(-1), int64(-5), -1, `<&>"\`, "ü\u2028\x7f", "\xff\x00\n", int64(0), "<")
	f.Fuzz(func(t *testing.T, at, latency int64, code int, pod, version, fault string, upstream int64, said string) {
		r := record{time.Unix(0, at).UTC(), time.Duration(latency), code, pod, version, fault, nil, said}
		if upstream >= 0 {
			r.Upstream = new(time.Duration(upstream))
		}
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(r.append([]byte("before"))); got != "before"+string(want)+"\n" {
			t.Errorf("got  %s\nwant before%s", got, want)
		}
	})
}

// BenchmarkRecord is beside encoding/json.
func BenchmarkRecord(b *testing.B) {
	r := record{time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC), 1500 * time.Microsecond, 200, "servicex-6f7c8d-abcde", "200", "", new(time.Millisecond), ""}
	b.Run("append", func(b *testing.B) {
		line := make([]byte, 0, 256)
		b.ReportAllocs()
		for b.Loop() {
			line = r.append(line[:0])
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		to := json.NewEncoder(io.Discard)
		b.ReportAllocs()
		for b.Loop() {
			if err := to.Encode(r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
