package report

import (
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

func TestTextOfARecordingIsMadeHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"servicex-1":         "servicex-1",
		"two\nlines\tapart":  "two lines apart",
		"bell\a, nul\x00":    "bell\ufffd, nul\ufffd",
		"turned \u202eround": "turned \ufffdround",
		"not UTF-8 \xff\xfe": "not UTF-8 \ufffd",
		"\uffff\ufffe":       "\ufffd\ufffd",
		"<script>":           "<script>", // the template's work
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLongNamesKeepTheirEnds(t *testing.T) {
	const name = "servicex-error-667958c87f-fghij"
	for most, want := range map[int]string{40: name, 31: name, 15: "service…f-fghij", 3: "s…j", 2: "…", 0: "…"} {
		if got := fit(name, most); got != want {
			t.Errorf("fit(%d) = %q, want %q", most, got, want)
		}
	}
}

func TestNumbersReadWell(t *testing.T) {
	tests := []struct{ got, want string }{
		{seconds(0), "0.0 s"}, {seconds(4.44), "4.4 s"}, {seconds(119.96), "120.0 s"}, {seconds(150), "2 min 30 s"},
		{whole(0.2), "0 s"}, {whole(59.7), "1 min"}, {whole(3725), "1 h 2 min"}, {whole(9.2e9), "9.2e+09 s"},
		{latency(0.00025), "0.25 ms"}, {latency(0.0123), "12.3 ms"}, {latency(0.301), "301 ms"}, {latency(0.9996), "1.00 s"}, {latency(3.456), "3.46 s"}, {latency(12.34), "12.3 s"}, {latency(1234), "1234 s"},
		{tick(0), "0"}, {tick(0.00001), "10 µs"}, {tick(0.001), "1 ms"}, {tick(0.5), "500 ms"}, {tick(10), "10 s"},
		{timeTick(1.5, 0.5), "1.5 s"}, {timeTick(120, 60), "2 min"}, {timeTick(7200, 3600), "2 h"},
		{percent(0), "0.0 %"}, {percent(1), "100.0 %"}, {percent(0.9999), "> 99.9 %"}, {percent(0.0001), "< 0.1 %"}, {percent(0.954), "95.4 %"},
		{many(0), "0"}, {many(999), "999"}, {many(1000), "1,000"}, {many(1234567), "1,234,567"}, {many(-1234), "-1,234"},
		{count(1, "pod"), "1 pod"}, {count(2, "pod"), "2 pods"},
		{breaker.Ordinal(1), "1st"}, {breaker.Ordinal(2), "2nd"}, {breaker.Ordinal(3), "3rd"}, {breaker.Ordinal(11), "11th"}, {breaker.Ordinal(22), "22nd"}, {breaker.Ordinal(112), "112th"},
		{glue("4 s and 95.4 %, 3 pods"), "4\u00a0s and 95.4\u00a0%, 3 pods"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestTheZoneIsThatOfTheRecording(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-24T10:00:00Z": "UTC", "2026-11-24T10:00:00+01:00": "UTC+01:00", "2026-11-24T10:00:00-03:30": "UTC-03:30",
	} {
		at, err := time.Parse(time.RFC3339, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := zone(at).String(); got != want {
			t.Errorf("zone(%s) = %s, want %s", in, got, want)
		}
	}
}
