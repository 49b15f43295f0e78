package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestDelaysAreAskedForBelowTheLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked time.Duration
		s := newService(faulty, func(most time.Duration) time.Duration {
			asked = most
			return most - 1
		})
		if _, took := get(s, http.MethodGet, "/"); asked != 4*time.Second || took != 4*time.Second-1 {
			t.Errorf("asked for a delay below %v and took %v", asked, took)
		}
	})
}

func TestNoDelayIsAnsweredAtOnce(t *testing.T) {
	c := faulty
	c.MaxDelay = 0
	s := newService(c, uniform) // which has nothing to pick from below 0
	if w, _ := get(s, http.MethodGet, "/"); w.Code != http.StatusGatewayTimeout {
		t.Errorf("got %d", w.Code)
	}
}

func TestDelaysAreUniform(t *testing.T) {
	const most, picks, parts = 4 * time.Second, 40_000, 8
	var counts [parts]int
	for range picks {
		d := uniform(most)
		if d < 0 || d >= most {
			t.Fatalf("picked %v, want [0, %v)", d, most)
		}
		counts[d*parts/most]++
	}
	for i, n := range counts {
		// Six standard deviations (66 each): one failure in a hundred million runs.
		if n < picks/parts-400 || n > picks/parts+400 {
			t.Errorf("part %d of %d has %d of %d", i, parts, n, picks)
		}
	}
}

func TestACallerThatIsGoneIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		w, began := httptest.NewRecorder(), time.Now()
		newService(faulty, fixed(3*time.Second)).ServeHTTP(w, httptest.NewRequestWithContext(caller, http.MethodGet, "/", nil))
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
		if w.Code != http.StatusGatewayTimeout {
			t.Errorf("got %d: a faulty server has nothing good to say", w.Code)
		}
	})
}
