package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	// margin is what reading a request and writing its answer may take, the
	// fault's delay apart.
	margin = 10 * time.Second
	// idle is above the hour after which Envoy closes an unused connection, so
	// that it is the caller who does: a request that meets a closing connection
	// would look like an error of a healthy pod.
	// Source: Envoy's HttpProtocolOptions.idle_timeout.
	idle = 65 * time.Minute
)

// serve is the server's role.
func serve(p process, args []string) error {
	if len(args) > 0 {
		return problems{{"argument", args[0], "left out: the server is told by environment variables"}}
	}
	c, err := readConfig(p.getenv)
	if err != nil {
		return err
	}
	address := net.JoinHostPort("", strconv.Itoa(c.Port))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listening on %q: %w", address, err)
	}
	log := slog.New(slog.NewJSONHandler(p.stderr, nil))
	s := newService(c, uniform)
	log.Info("serving", "address", listener.Addr().String(), "pod", c.Pod, "version", c.Version,
		"state", s.state[0], "maxDelay", c.MaxDelay.String(), "grace", c.Grace.String())
	began := time.Now()
	if err := s.serve(listener, p.signals, slog.NewLogLogger(log.Handler(), slog.LevelWarn)); err != nil {
		log.Error("stopped", "error", err.Error(), "served", time.Since(began).String())
		return errSaid
	}
	log.Info("stopped", "served", time.Since(began).String())
	return nil
}

// server is s behind HTTP.
func (s *service) server() *http.Server {
	return &http.Server{
		Handler:     s,
		ReadTimeout: margin,
		// From the request's head on, and so all through the delay.
		WriteTimeout: s.MaxDelay + margin,
		IdleTimeout:  idle,
	}
}
