package main

import "net/http"

// ready answers the readiness probe: whether new requests may come.
func (s *service) ready(w http.ResponseWriter) {
	if s.stopping.Load() {
		reply(w, http.StatusServiceUnavailable, "stopping\n")
		return
	}
	reply(w, http.StatusOK, "ready\n")
}

// live answers the liveness probe: a server that can answer lives, also while it
// stops.
func (s *service) live(w http.ResponseWriter) { reply(w, http.StatusOK, "live\n") }
