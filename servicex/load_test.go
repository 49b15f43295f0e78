package main

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// against is a load on a handler, on pipes.
func against(t *testing.T, h http.HandlerFunc) (load, *network) {
	t.Helper()
	target, err := newTarget("http://servicex/")
	if err != nil {
		t.Fatal(err)
	}
	n := newNetwork()
	n.handle(t, h)
	return load{Target: target, Rate: 10, Concurrency: 1, Timeout: 10 * time.Second, dial: n.dial}, n
}

// collect runs a load for a time, and returns what it took down and how long it
// took to end after that.
func collect(l load, d time.Duration) (records []record, late time.Duration) {
	stop, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	began := time.Now()
	c := make(chan record, waiting)
	go func() {
		defer close(c)
		l.run(stop, c)
		late = time.Since(began) - d
	}()
	for r := range c {
		records = append(records, r)
	}
	return records, late
}

func slow(d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		}
	}
}

func TestTheRateIsHeld(t *testing.T) {
	tests := map[string]struct {
		rate        float64
		concurrency int
		answer      time.Duration
		answers     int // in ten seconds
	}{
		"by one worker":                         {10, 1, 0, 100},
		"by many workers together":              {100, 32, 200 * time.Millisecond, 1000},
		"below one a second":                    {0.5, 4, 0, 5},
		"as far as answers come":                {100, 1, 50 * time.Millisecond, 200},
		"as far as answers come, at a low rate": {1, 2, 4 * time.Second, 4},
		"0 is as fast as answers come":          {0, 2, 100 * time.Millisecond, 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, _ := against(t, slow(tt.answer))
				l.Rate, l.Concurrency = tt.rate, tt.concurrency
				records, _ := collect(l, 10*time.Second-1)
				if len(records) != tt.answers {
					t.Errorf("%d answers, want %d", len(records), tt.answers)
				}
				for _, r := range records {
					if r.Code != 200 || r.Error != "" || r.Latency != tt.answer {
						t.Fatalf("got %+v, want 200 after %v", r, tt.answer)
					}
				}
			})
		})
	}
}

func TestASlowAnswerMakesNoBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int64
		l, _ := against(t, func(w http.ResponseWriter, r *http.Request) {
			if requests.Add(1) == 1 {
				slow(4*time.Second)(w, r)
			}
		})
		records, _ := collect(l, 5*time.Second-1)
		// The first, the one that is due when it ends, one that is late, and then ten a second.
		if n := len(records); n != 12 {
			t.Errorf("%d answers, want 12", n)
		}
		for i, r := range records[3:] {
			if gap := r.Time.Sub(records[i+2].Time); gap != 100*time.Millisecond {
				t.Errorf("request %d: %v after the one before", i+3, gap)
			}
		}
	})
}

func TestWorkersAskTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		l, _ := against(t, func(w http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), now.Add(1)))
			slow(time.Second)(w, r)
			now.Add(-1)
		})
		l.Rate, l.Concurrency = 0, 7
		if records, _ := collect(l, 3*time.Second-1); len(records) != 21 || most.Load() != 7 {
			t.Errorf("%d answers, %d at once, want 21 and 7", len(records), most.Load())
		}
	})
}

func TestAnswersAreTakenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(faulty, fixed(1500*time.Millisecond))
		l, _ := against(t, s.ServeHTTP)
		sent := time.Now().UTC()
		records, _ := collect(l, 1600*time.Millisecond)
		if want := (record{Time: sent, Latency: 1500 * time.Millisecond, Code: 504, Pod: faulty.Pod, Version: "504"}); len(records) != 1 || records[0] != want {
			t.Errorf("got  %+v\nwant %+v", records, want)
		}
	})
}

func TestATimeoutIsTakenDownWithoutACode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := against(t, slow(5*time.Second))
		l.Timeout = 2 * time.Second
		sent := time.Now().UTC()
		records, _ := collect(l, 2*time.Second-1)
		if want := (record{Time: sent, Latency: 2 * time.Second, Error: "waiting for an answer: timeout"}); len(records) != 1 || records[0] != want {
			t.Errorf("got  %+v\nwant %+v", records, want)
		}
	})
}

func TestNobodyThereIsTakenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, n := against(t, slow(0))
		n.Close()
		records, _ := collect(l, 500*time.Millisecond-1)
		if len(records) != 5 {
			t.Errorf("%d records, want one for each turn", len(records))
		}
		for _, r := range records {
			if r.Code != 0 || r.Error != "connecting to servicex:80: connect: connection refused" {
				t.Errorf("got %+v", r)
			}
		}
	})
}

func TestNobodyThereMakesNoStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, n := against(t, slow(0))
		n.Close()
		l.Rate, l.Concurrency = 0, 3
		if records, _ := collect(l, time.Second-1); len(records) != 300 {
			t.Errorf("%d records of three workers in a second, want 300", len(records))
		}
	})
}

func TestTheEndOfALoad(t *testing.T) {
	tests := map[string]struct {
		rate    float64
		answer  time.Duration
		answers int
		late    time.Duration
	}{
		"what is answered soon is waited for":        {0, 2500 * time.Millisecond, 2, 600 * time.Millisecond},
		"what is not is given up and leaves no line": {0, 10 * time.Second, 0, lastAnswers},
		"nothing under way ends at once":             {2, 0, 4, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, _ := against(t, slow(tt.answer))
				l.Concurrency, l.Rate, l.Timeout = 2, tt.rate, time.Minute
				records, late := collect(l, 1900*time.Millisecond)
				if len(records) != tt.answers || late != tt.late {
					t.Errorf("%d answers and %v late, want %d and %v: %+v", len(records), late, tt.answers, tt.late, records)
				}
			})
		})
	}
}
