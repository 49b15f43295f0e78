package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
)

// listen listens on a free port of the loopback.
func listen(t testing.TB) (net.Listener, string) {
	t.Helper()
	// The server listens on all addresses, so this does, too: else both could.
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return l, port
}

// network is a listener on pipes, which unlike sockets can be waited for in a
// synctest bubble.
type network struct {
	calls  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newNetwork() *network {
	return &network{calls: make(chan net.Conn), closed: make(chan struct{})}
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.calls:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (n *network) Addr() net.Addr { return &net.TCPAddr{} }

// errRefused is what dial answers where nobody listens any more.
var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case n.calls <- theirs:
		return ours, nil
	case <-n.closed:
		return nil, errRefused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// handle serves h on n until the test ends.
func (n *network) handle(t *testing.T, h http.HandlerFunc) {
	server := &http.Server{Handler: h}
	go server.Serve(n)
	t.Cleanup(func() { server.Close() })
}

// script answers each connection by hand: with its turn's function, called once
// for each request that arrives on it. Further connections are refused.
func (n *network) script(turns ...func(c net.Conn, request int) (more bool)) {
	go func() {
		defer n.Close()
		for _, turn := range turns {
			c, err := n.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				reader := bufio.NewReader(c)
				for i := 0; ; i++ {
					if _, err := http.ReadRequest(reader); err != nil || !turn(c, i) {
						return
					}
				}
			}()
		}
	}()
}
