package reach

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

const within = time.Minute

var quiet = slog.New(slog.DiscardHandler)

// serve answers each connection by handle until the test ends.
func serve(t *testing.T, handle func(*net.TCPConn)) string {
	t.Helper()
	listener := listen(t)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); handle(conn.(*net.TCPConn)) }()
		}
	}()
	return listener.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// relaying is a relay that runs; stop ends it and waits until nothing of it is
// left.
type relaying struct {
	address  string
	listener net.Listener
	stop     func()
	ended    chan struct{}
}

func relay(t *testing.T, r Relay) relaying {
	t.Helper()
	r.Log = quiet
	listener := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	running := relaying{listener.Addr().String(), listener, cancel, make(chan struct{})}
	go func() { defer close(running.ended); r.Serve(ctx, listener) }()
	running.stop = func() { cancel(); running.wait(t) }
	t.Cleanup(running.stop)
	return running
}

func (r relaying) wait(t *testing.T) {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(within):
		buffer := make([]byte, 1<<20)
		t.Errorf("the relay does not end:\n%s", buffer[:runtime.Stack(buffer, true)])
	}
}

func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func echo(conn *net.TCPConn) { _, _ = io.Copy(conn, conn) }

// A client that sends its whole request and then no more still gets the answer,
// which the server gives only when it has seen the end.
func TestAHalfClosedConnectionGoesOn(t *testing.T) {
	address := serve(t, func(conn *net.TCPConn) {
		all, err := io.ReadAll(conn)
		fmt.Fprintf(conn, "%d bytes, %v", len(all), err)
	})
	conn := dial(t, relay(t, Relay{Target: address}).address)
	if _, err := conn.Write(make([]byte, 3<<20)); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || string(answer) != "3145728 bytes, <nil>" {
		t.Errorf("got %q and %v", answer, err)
	}
}

// As server-sent events are: each message goes on at once, in either direction,
// however long the connection lasts.
func TestMessagesOfAStreamAreNotHeldBack(t *testing.T) {
	conn := dial(t, relay(t, Relay{Target: serve(t, echo)}).address)
	for i := range 100 {
		want := fmt.Sprintf("message %d\n", i)
		got := make([]byte, len(want))
		if _, err := io.WriteString(conn, want); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
			t.Fatalf("got %q and %v, want %q", got, err, want)
		}
	}
}

func TestManyConnectionsAtOnce(t *testing.T) {
	r := relay(t, Relay{Target: serve(t, echo)})
	payload := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	var clients sync.WaitGroup
	for range 100 {
		conn := dial(t, r.address)
		clients.Go(func() {
			go func() { _, _ = conn.Write(payload); _ = conn.CloseWrite() }()
			if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, payload) {
				t.Errorf("got %d bytes and %v, want the same %d", len(got), err, len(payload))
			}
		})
	}
	clients.Wait()
}

// Beyond the limit a connection waits, and is served once another has ended.
func TestTheNumberOfConnectionsIsBounded(t *testing.T) {
	accepted := make(chan struct{}, 10)
	r := relay(t, Relay{Target: serve(t, func(conn *net.TCPConn) { accepted <- struct{}{}; echo(conn) }), Limit: 2})
	first := dial(t, r.address)
	answers(t, first)
	answers(t, dial(t, r.address))
	third := dial(t, r.address) // by the kernel, in the listener's queue
	if _, err := io.WriteString(third, "x"); err != nil {
		t.Fatal(err)
	}
	if err := third.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := third.Read(make([]byte, 1)); n > 0 || len(accepted) > 2 {
		t.Errorf("a third connection is served beside two: %d bytes, %v, %d connections", n, err, len(accepted))
	}
	if err := third.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	first.Close()
	if _, err := io.ReadFull(third, make([]byte, 1)); err != nil {
		t.Errorf("the third connection once another has ended: %v", err)
	}
}

// answers checks that an echo does.
func answers(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := io.WriteString(conn, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

func TestAPeerThatGoesAwayIsMissedByTheOther(t *testing.T) {
	t.Run("the client", func(t *testing.T) {
		gone := make(chan error, 1)
		address := serve(t, func(conn *net.TCPConn) {
			for { // as a stream that nobody reads any more
				if _, err := conn.Write(make([]byte, 1<<10)); err != nil {
					gone <- err
					return
				}
			}
		})
		r := relay(t, Relay{Target: address})
		conn := dial(t, r.address)
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		conn.Close()
		select {
		case <-gone:
		case <-time.After(within):
			t.Error("the server goes on writing")
		}
		r.listener.Close()
		r.wait(t)
	})
	t.Run("the server", func(t *testing.T) {
		address := serve(t, func(conn *net.TCPConn) {
			_, _ = io.ReadFull(conn, make([]byte, 1))
			_ = conn.SetLinger(0)
		})
		r := relay(t, Relay{Target: address})
		conn := dial(t, r.address)
		if _, err := io.WriteString(conn, "x"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a reset", err)
		}
		r.listener.Close()
		r.wait(t)
	})
}

func TestATargetThatDoesNotListenResetsTheConnection(t *testing.T) {
	nobody := listen(t)
	nobody.Close()
	// The reset may come before the client knows that it was connected.
	conn, err := net.Dial("tcp", relay(t, Relay{Target: nobody.Addr().String()}).address)
	if err == nil {
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want a reset", err)
	}
}
