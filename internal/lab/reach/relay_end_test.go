package reach

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

func TestTheEndOfTheContextEndsConnections(t *testing.T) {
	r := relay(t, Relay{Target: serve(t, echo)})
	conn := dial(t, r.address)
	answers(t, conn)
	r.stop()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is open")
	}
	if conn, err := net.Dial("tcp", r.address); err == nil {
		conn.Close()
		t.Error("the relay listens")
	}
}

// A server that is told to end closes its listener first and then finishes what
// it has begun.
func TestAClosedListenerLeavesConnectionsAlone(t *testing.T) {
	r := relay(t, Relay{Target: serve(t, echo)})
	conn := dial(t, r.address)
	answers(t, conn)
	r.listener.Close()
	answers(t, conn)
	conn.Close()
	r.wait(t)
}

func TestNothingIsLeftOfARelay(t *testing.T) {
	address := serve(t, echo)
	before := goroutines()
	r := relay(t, Relay{Target: address})
	for range 20 {
		answers(t, dial(t, r.address))
	}
	r.stop()
	err := wait.For(t.Context(), "the relay's goroutines to end", within, 10*time.Millisecond, func(context.Context) error {
		if now := goroutines(); now > before {
			return fmt.Errorf("%d goroutines of the relay, %d before", now, before)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// goroutines counts those that run code of a Relay.
func goroutines() int {
	buffer := make([]byte, 1<<20)
	stacks := string(buffer[:runtime.Stack(buffer, true)])
	return strings.Count(stacks, "reach.Relay.") + strings.Count(stacks, "reach.pass(")
}
