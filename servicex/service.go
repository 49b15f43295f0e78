package main

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Headers that name an answer's origin.
const (
	headerPod     = "X-Pod"
	headerVersion = "X-Version"
	headerState   = "X-State"
)

// service answers requests.
type service struct {
	config
	// random picks a delay in [0, most); it is not asked for most 0.
	random func(most time.Duration) time.Duration
	// stopping is set when the server was told to end.
	stopping atomic.Bool

	// What is the same in every answer.
	pod, version, state []string
	body                string
}

func newService(c config, random func(time.Duration) time.Duration) *service {
	s := &service{config: c, random: random}
	s.pod, s.version, s.state = []string{c.Pod}, []string{c.Version}, []string{s.stateName()}
	s.body = fmt.Sprintf("%s version %s: %s\n", c.Pod, c.Version, s.stateName())
	return s
}

func (s *service) stateName() string {
	if s.Faulty {
		return "faulty"
	}
	return "healthy"
}

// ServeHTTP takes every path but the probes' for a request to the service.
// (http.ServeMux would answer some of them with a redirect.)
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h[headerPod], h[headerVersion], h[headerState] = s.pod, s.version, s.state
	h["Content-Type"] = plainText
	if s.stopping.Load() {
		// So that the caller's next request goes to another pod.
		h.Set("Connection", "close")
	}
	switch r.URL.Path {
	case "/healthz/ready":
		s.ready(w)
	case "/healthz/live":
		s.live(w)
	default:
		s.answer(w, r)
	}
}

var plainText = []string{"text/plain; charset=utf-8"}

// answer is the service's own answer.
func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	code := http.StatusOK
	if s.Faulty {
		code = s.Code
		// net/http watches for a caller that leaves only behind the request's body.
		_, _ = io.Copy(io.Discard, r.Body)
		s.delay(r.Context())
	}
	reply(w, code, s.body)
}

// reply writes an answer. Its error is not looked at: a caller that is gone
// cannot be told.
func reply(w http.ResponseWriter, code int, body string) {
	w.WriteHeader(code)
	_, _ = w.Write([]byte(body))
}
