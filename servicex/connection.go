package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// connection is one worker's connection to the target: HTTP/1.1 with one
// request at a time, kept open between them. Asking on the worker's own
// goroutine saves http.Transport's two more for each connection, and with them a
// tenth to a fifth of the time that a request takes on a busy machine, server
// included (see BenchmarkClient). Nothing is redirected, and no proxy used.
type connection struct {
	target target
	dial   func(ctx context.Context, network, address string) (net.Conn, error)

	conn   net.Conn // nil before the first request and after a close
	reader *bufio.Reader
	unbind func() bool // ends the watch on the context that conn was made under
}

// answer is what came back.
type answer struct {
	code         int
	pod, version string
	// upstream is how long the sidecar waited for the pod, where it told.
	upstream time.Duration
	told     bool
	said     string // the beginning of the body, where no pod is named
}

// errUnused is an error of a kept connection that brought nothing of an answer.
var errUnused = errors.New("connection closed by the other side")

// ask sends one request, and reads the answer to its last byte. It gives up at
// the deadline, or when ctx ends. The error says at which step.
func (c *connection) ask(ctx context.Context, deadline time.Time) (answer, error) {
	kept := c.conn != nil
	a, err := c.exchange(ctx, deadline)
	if kept && errors.Is(err, errUnused) {
		// The other side closed it while it was idle, which can cross with a
		// request. That one was not handled and is sent again, as net/http does.
		a, err = c.exchange(ctx, deadline)
	}
	return a, err
}

func (c *connection) exchange(ctx context.Context, deadline time.Time) (answer, error) {
	if c.conn == nil {
		if err := c.connect(ctx, deadline); err != nil {
			return answer{}, fmt.Errorf("connecting to %s: %w", c.target.address, reason(err))
		}
	}
	a, keep, err := c.roundTrip(deadline)
	if !keep {
		c.close()
	}
	return a, err
}

func (c *connection) connect(ctx context.Context, deadline time.Time) error {
	limit, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	conn, err := c.dial(limit, "tcp", c.target.address)
	if err != nil {
		return err
	}
	c.conn = conn
	if c.reader == nil {
		c.reader = bufio.NewReader(nil)
	}
	c.reader.Reset(conn)
	c.unbind = context.AfterFunc(ctx, func() { conn.Close() })
	return nil
}

func (c *connection) close() {
	if c.conn != nil {
		c.unbind()
		c.conn.Close()
		c.conn = nil
	}
}

// roundTrip says also whether the connection can be used again.
func (c *connection) roundTrip(deadline time.Time) (a answer, keep bool, err error) {
	if err := c.conn.SetDeadline(deadline); err != nil {
		return a, false, fmt.Errorf("sending: %w", unused(err))
	}
	if _, err := c.conn.Write(c.target.request); err != nil {
		return a, false, fmt.Errorf("sending: %w", unused(err))
	}
	if _, err := c.reader.Peek(1); err != nil {
		return a, false, fmt.Errorf("waiting for an answer: %w", unused(err))
	}
	response, err := c.response()
	if err != nil {
		return a, false, fmt.Errorf("reading the answer: %w", reason(err))
	}
	defer response.Body.Close()
	a.pod, a.version = response.Header.Get(headerPod), response.Header.Get(headerVersion)
	if a.pod == "" {
		if a.said, err = beginning(response.Body); err != nil {
			return a, false, fmt.Errorf("reading the answer's body: %w", reason(err))
		}
	}
	if waited, err := strconv.ParseUint(response.Header.Get(headerUpstream), 10, 31); err == nil {
		a.upstream, a.told = time.Duration(waited)*time.Millisecond, true
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return a, false, fmt.Errorf("reading the answer's body: %w", reason(err))
	}
	a.code = response.StatusCode
	// What follows an answer unasked is not the next one's.
	keep = !response.Close && c.reader.Buffered() == 0 && a.code != http.StatusSwitchingProtocols
	return a, keep, nil
}

// headerUpstream is Envoy's own, on the answers of a pod: milliseconds until the
// pod's answer came. Source: envoy docs, http_filters/router_filter.
const headerUpstream = "X-Envoy-Upstream-Service-Time"

// saying is how much is kept of what a sidecar says for itself.
const saying = 120

// beginning is the first bytes of a body, on one line.
func beginning(body io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(body, saying))
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(strings.TrimSpace(string(text)), "?")), err
}

// response reads the head of the answer, behind those that only announce one.
func (c *connection) response() (*http.Response, error) {
	for {
		r, err := http.ReadResponse(c.reader, nil)
		if err != nil || r.StatusCode >= 200 || r.StatusCode == http.StatusSwitchingProtocols {
			return r, err
		}
	}
}

// unused is the error of a connection that brought nothing of an answer. That
// the time was over is an answer's error, on a connection kept or new.
func unused(err error) error {
	if timeout(err) {
		return reason(err)
	}
	if errors.Is(err, io.EOF) {
		return errUnused
	}
	return fmt.Errorf("%w: %w", errUnused, reason(err))
}

var errTimeout = errors.New("timeout")

// reason is err without addresses, whose ports would make each text another one.
func reason(err error) error {
	if timeout(err) {
		return errTimeout
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok {
		return operation.Err
	}
	return err
}

func timeout(err error) bool {
	failure, ok := errors.AsType[net.Error](err)
	return ok && failure.Timeout() || errors.Is(err, context.DeadlineExceeded)
}
