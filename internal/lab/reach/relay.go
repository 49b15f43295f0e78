package reach

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Relay hands what comes in at a listener on to a target, and back.
type Relay struct {
	Target string // a numeric address, dialed for each connection
	// Limit is how many connections there are at once; more of them wait in the
	// listener's queue. 0 is defaultLimit.
	Limit int
	Log   *slog.Logger
}

// Each connection takes two descriptors, and four of the pipes through which
// the kernel moves its bytes.
const (
	defaultLimit = 256
	dialLimit    = 10 * time.Second
	// acceptPause is for an error that passes, such as too many open files.
	acceptPause = 100 * time.Millisecond
)

// Serve relays until ctx ends or the listener is closed, and then until the
// connections that there are have ended; those end with ctx.
func (r Relay) Serve(ctx context.Context, listener net.Listener) {
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	defer listener.Close()
	var connections sync.WaitGroup
	defer connections.Wait()
	limit := r.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	free := make(chan struct{}, limit)
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		client, err := listener.Accept()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			if client != nil {
				client.Close()
			}
			return
		}
		if err != nil {
			r.Log.Warn("accepting", "target", r.Target, "error", err)
			<-free
			select {
			case <-time.After(acceptPause):
			case <-ctx.Done():
			}
			continue
		}
		connections.Go(func() {
			defer func() { <-free }()
			r.connect(ctx, client)
		})
	}
}

// connect relays one connection. Who comes before the target listens is told
// so as the target itself would: the connection is reset.
func (r Relay) connect(ctx context.Context, client net.Conn) {
	defer client.Close()
	dialer := net.Dialer{Timeout: dialLimit}
	target, err := dialer.DialContext(ctx, "tcp", r.Target)
	if err != nil {
		r.Log.Warn("connecting", "target", r.Target, "error", err)
		reset(client)
		return
	}
	defer target.Close()
	stop := context.AfterFunc(ctx, func() { client.Close(); target.Close() })
	defer stop()
	back := make(chan struct{})
	go func() {
		defer close(back)
		pass(client, target)
	}()
	pass(target, client)
	<-back
}

// pass copies until from ends, and then ends to as well, for writing alone: the
// other direction may go on, as after the request of a client that sends no
// more. One that broke off breaks the other off too.
func pass(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		err = half.CloseWrite()
	}
	if err != nil {
		reset(to)
		reset(from)
	}
}

// reset closes a connection so that its peer sees it broken, and not at its end.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // closed already: nothing is left to break
	}
	conn.Close()
}
