package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/network"
	"istio-circuit-breaker/internal/timeline"
)

// Options of a page.
type Options struct {
	// Load is what the switch turns on; its Timeout stays as it is here.
	Load mesh.Load
	// On tells whether it is on now.
	On bool
	// SetLoad changes the load, the zero Load stops it. It is called while the
	// page is locked and must not wait. Nil: the page shows no switches.
	SetLoad func(mesh.Load)
	// Pace is the run's seconds in a second: 1 for a live run, 0 where the time
	// stands still between entries.
	Pace float64
}

// Page is a served page.
type Page struct {
	*site
	hub *hub
}

// site is what serves a page.
type site struct {
	// URL to open in a browser.
	URL string

	server *http.Server
	served chan error
}

// partingTime is how long Close waits for browsers to take the last state.
const partingTime = 250 * time.Millisecond

// Address checks that addr is loopback: an IP or "localhost", with or without a
// port. The empty addr is 127.0.0.1; port 0 lets the system choose.
func Address(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil { // without a port
		host, port = addr, "0"
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(trimBrackets(host))
	if err != nil || !ip.Unmap().IsLoopback() {
		return "", fmt.Errorf("%s: must be loopback, such as 127.0.0.1, [::1] or localhost:8080", addr)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || port != strconv.FormatUint(n, 10) {
		return "", fmt.Errorf("%s: the port must be 0 to 65535", addr)
	}
	return net.JoinHostPort(ip.Unmap().String(), port), nil
}

func trimBrackets(host string) string {
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

// Open serves a page at a loopback address (see Address) until it is closed; in
// the lab, at an address of the host's loopback (see network.Listen).
func Open(ctx context.Context, addr string, o Options) (*Page, error) {
	listener, err := listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	return serve(listener, o), nil
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	addr, err := Address(addr)
	if err != nil {
		return nil, fmt.Errorf("serving the page: %w", err)
	}
	listener, err := network.Listen(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("serving the page: %w", err)
	}
	return listener, nil
}

func serve(listener net.Listener, o Options) *Page {
	h := newHub(o)
	return &Page{newSite(listener, handler(h, listener.Addr().String())), h}
}

func newSite(listener net.Listener, pages http.Handler) *site {
	s := &site{URL: "http://" + listener.Addr().String() + "/", served: make(chan error, 1)}
	s.server = &http.Server{
		Handler:           pages,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
	go func() {
		s.served <- s.server.Serve(listener)
		close(s.served)
	}()
	return s
}

// Show takes the run's next entry, at the time of the run that it is now. It
// does not wait for browsers.
func (p *Page) Show(e timeline.Entry, now time.Time) { p.hub.show(e, now) }

// End tells the browsers that nothing follows. The last state stays on show.
func (p *Page) End() { p.hub.end() }

// Close tells the browsers that the run has ended, and stops serving. It may be
// called twice.
func (p *Page) Close() error {
	p.End()
	return p.site.Close()
}

// Close stops serving. It may be called twice.
func (s *site) Close() error {
	parting, stop := context.WithTimeout(context.Background(), partingTime)
	defer stop()
	err := s.server.Shutdown(parting)
	if errors.Is(err, context.DeadlineExceeded) { // a browser that does not read
		err = s.server.Close()
	}
	if served := <-s.served; served != nil && !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("serving the page: %w", err)
	}
	return nil
}
