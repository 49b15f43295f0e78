package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

var (
	healthy = config{Pod: "servicex-6f7c8d-abcde", Version: "200", MaxDelay: 4 * time.Second, Grace: 5 * time.Second}
	// serverError answers what is no gateway error.
	serverError = config{Pod: faulty.Pod, Version: faulty.Version, Faulty: true, Code: 500, MaxDelay: faulty.MaxDelay, Grace: faulty.Grace}
	faulty      = config{Pod: "servicex-error-7d9f-x2x4z", Version: "504", Faulty: true, Code: 504, MaxDelay: 4 * time.Second, Grace: 5 * time.Second}
)

// fixed is a random source that always picks d.
func fixed(d time.Duration) func(time.Duration) time.Duration {
	return func(time.Duration) time.Duration { return d }
}

// get asks s, and says how long it took.
func get(s *service, method, target string) (*httptest.ResponseRecorder, time.Duration) {
	w, began := httptest.NewRecorder(), time.Now()
	s.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w, time.Since(began)
}

func TestAnswers(t *testing.T) {
	tests := map[string]struct {
		config config
		method string
		path   string
		code   int
		took   time.Duration
		body   string
	}{
		"healthy is 200 at once":            {healthy, "GET", "/", 200, 0, "servicex-6f7c8d-abcde version 200: healthy\n"},
		"faulty is 504 after the delay":     {faulty, "GET", "/", 504, 3 * time.Second, "servicex-error-7d9f-x2x4z version 504: faulty\n"},
		"faulty is what it is told to be":   {serverError, "GET", "/", 500, 3 * time.Second, "servicex-error-7d9f-x2x4z version 504: faulty\n"},
		"other paths are the same":          {faulty, "GET", "/healthz/other", 504, 3 * time.Second, "servicex-error-7d9f-x2x4z version 504: faulty\n"},
		"odd paths are not redirected":      {healthy, "GET", "//a/../b", 200, 0, "servicex-6f7c8d-abcde version 200: healthy\n"},
		"other methods are the same":        {faulty, "POST", "/", 504, 3 * time.Second, "servicex-error-7d9f-x2x4z version 504: faulty\n"},
		"a faulty server is ready, at once": {faulty, "GET", "/healthz/ready", 200, 0, "ready\n"},
		"a faulty server lives, at once":    {faulty, "GET", "/healthz/live", 200, 0, "live\n"},
		"a healthy server is ready":         {healthy, "GET", "/healthz/ready", 200, 0, "ready\n"},
		"a healthy server lives":            {healthy, "GET", "/healthz/live", 200, 0, "live\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, took := get(newService(tt.config, fixed(3*time.Second)), tt.method, tt.path)
				if w.Code != tt.code || took != tt.took || w.Body.String() != tt.body {
					t.Errorf("got %d after %v: %q, want %d after %v: %q", w.Code, took, w.Body, tt.code, tt.took, tt.body)
				}
				state := "healthy"
				if tt.config.Faulty {
					state = "faulty"
				}
				want := map[string]string{"X-Pod": tt.config.Pod, "X-Version": tt.config.Version, "X-State": state,
					"Content-Type": "text/plain; charset=utf-8", "Connection": ""}
				for name, value := range want {
					if got := w.Header().Get(name); got != value {
						t.Errorf("header %s: got %q, want %q", name, got, value)
					}
				}
			})
		})
	}
}

func TestAStoppingServerIsNotReadyButLives(t *testing.T) {
	s := newService(healthy, nil)
	s.stopping.Store(true)
	for path, code := range map[string]int{"/healthz/ready": 503, "/healthz/live": 200, "/": 200} {
		w, _ := get(s, http.MethodGet, path)
		if w.Code != code {
			t.Errorf("%s: got %d, want %d", path, w.Code, code)
		}
		if got := w.Header().Get("Connection"); got != "close" {
			t.Errorf("%s: Connection is %q, so that the caller comes again", path, got)
		}
	}
}

// BenchmarkService is what an answer costs besides HTTP itself.
func BenchmarkService(b *testing.B) {
	s := newService(healthy, nil)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := &discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		s.ServeHTTP(w, r)
	}
}

// discard is an http.ResponseWriter without a connection.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
