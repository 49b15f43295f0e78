package watch

import (
	"testing"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

func TestAClockIsAsFarAheadAsAllEvidenceAllows(t *testing.T) {
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, ahead := range []time.Duration{-5 * time.Second, 0, 5 * time.Second} {
		t.Run(ahead.String(), func(t *testing.T) {
			c := clock{name: timeline.SidecarClock}
			// Ten looks a second, each of which takes 4 ms.
			for i := range 20 {
				asked := noon.Add(time.Duration(i) * 97 * time.Millisecond)
				c.date(mesh.Date{Clock: timeline.SidecarClock, Asked: asked, Answered: asked.Add(4 * time.Millisecond), Said: asked.Add(ahead).Truncate(time.Second), Stale: time.Second / 2})
			}
			if c.least > ahead || c.most < ahead || c.most-c.least > 700*time.Millisecond {
				t.Fatalf("by dates: got %s to %s", c.least, c.most)
			}
			called := noon.Add(2 * time.Second)
			for i := range 5 {
				sent := called.Add(time.Duration(30+100*i) * time.Millisecond)
				c.answer(sent.Add(8*time.Millisecond), called, sent.Add(ahead), sent.Add(ahead+5*time.Millisecond))
			}
			if c.least > ahead || c.most < ahead || c.most-c.least > 40*time.Millisecond {
				t.Errorf("by answers too: got %s to %s", c.least, c.most)
			}
		})
	}
}

func TestAClockThatJumpsIsTold(t *testing.T) {
	c, at := clock{name: timeline.SidecarClock}, time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	c.bound(at, -time.Millisecond, time.Millisecond, "test")
	entries := c.bound(at, time.Second, 2*time.Second, "test")
	if len(entries) != 2 || entries[0].Event == nil || entries[0].Event.Kind != timeline.Disagreement || entries[1].Clock == nil || entries[1].Clock.Least != time.Second {
		t.Errorf("got %+v", entries)
	}
}

func TestAnEstimateIsToldOnlyWhereItGetsNarrower(t *testing.T) {
	c, at := clock{name: timeline.SidecarClock}, time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for i, tt := range []struct {
		least, most time.Duration
		told        bool
	}{{-time.Second, time.Second, true}, {-time.Second, time.Second, false}, {-time.Second + time.Millisecond, time.Second, false}, {-time.Millisecond, time.Second, true}} {
		if told := len(c.bound(at, tt.least, tt.most, "test")) > 0; told != tt.told {
			t.Errorf("estimate %d: told %t, want %t", i, told, tt.told)
		}
	}
}
