package mesh

import (
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

func TestAnAnswerIsReadAsTheClientRoleWritesIt(t *testing.T) {
	sent, a, err := ParseAnswer([]byte(`{"time":"2026-11-24T10:00:00.5Z","latency":1500000,"code":504,"pod":"servicex-error-1","version":"504"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := timeline.Answer{Latency: 1500 * time.Microsecond, Code: 504, Pod: "servicex-error-1", Version: "504"}
	if a != want || !sent.Equal(time.Date(2026, 11, 24, 10, 0, 0, 5e8, time.UTC)) {
		t.Errorf("got %v %+v, want %+v", sent, a, want)
	}
}

func TestWhatIsNoAnswerIsRefused(t *testing.T) {
	for text, want := range map[string]string{"oops": "parsing an answer \"oops\": ", "{}": "it has no time"} {
		if _, _, err := ParseAnswer([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseAnswer(%s): got %v, want %q", text, err, want)
		}
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(`{"time":"2026-11-24T10:00:00.5Z","latency":1500000,"code":504,"pod":"p"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if sent, _, err := ParseAnswer(line); err == nil && sent.IsZero() {
			t.Errorf("an answer without time: %q", line)
		}
	})
}
