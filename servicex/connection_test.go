package main

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// dialing is a connection to a network, and how often it was made.
func dialing(t *testing.T, n *network) (c *connection, dials *int) {
	t.Helper()
	target, err := newTarget("http://servicex/")
	if err != nil {
		t.Fatal(err)
	}
	dials = new(int)
	c = &connection{target: target, dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		*dials++
		return n.dial(ctx, network, address)
	}}
	t.Cleanup(c.close)
	return c, dials
}

// says answers every request with the same text, and keeps the connection.
func says(text string) func(net.Conn, int) bool {
	return func(c net.Conn, _ int) bool {
		_, err := io.WriteString(c, text)
		return err == nil
	}
}

// once answers like says, and then closes the connection.
func once(text string) func(net.Conn, int) bool {
	return func(c net.Conn, _ int) bool {
		_, _ = io.WriteString(c, text)
		return false
	}
}

const whole = "HTTP/1.1 200 OK\r\nX-Pod: a\r\nX-Version: v1\r\nContent-Length: 5\r\n\r\nhello"

func TestAnswersAreRead(t *testing.T) {
	good := answer{code: 200, pod: "a", version: "v1"}
	tests := map[string]struct {
		text string // of the first connection
		want answer
		err  string
		kept bool // asks again on the same connection
		ends bool // the other side closes it behind the text
	}{
		"with a length":                     {whole, good, "", true, false},
		"in chunks":                         {"HTTP/1.1 200 OK\r\nX-Pod: a\r\nX-Version: v1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", good, "", true, false},
		"without a body":                    {"HTTP/1.1 204 No Content\r\n\r\n", answer{code: 204}, "", true, false},
		"of the sidecar, without a pod":     {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 19\r\n\r\nno healthy upstream", answer{code: 503, said: "no healthy upstream"}, "", true, false},
		"of a pod behind a sidecar":         {strings.Replace(whole, "\r\n\r\n", "\r\nx-envoy-upstream-service-time: 1830\r\n\r\n", 1), answer{code: 200, pod: "a", version: "v1", upstream: 1830 * time.Millisecond, told: true}, "", true, false},
		"with a strange time in it":         {strings.Replace(whole, "\r\n\r\n", "\r\nx-envoy-upstream-service-time: soon\r\n\r\n", 1), good, "", true, false},
		"of the sidecar, over lines":        {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 21\r\n\r\nno\nhealthy\tupstream\x00!", answer{code: 503, said: "no healthy upstream !"}, "", true, false},
		"of the sidecar, long":              {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 500\r\n\r\n" + strings.Repeat("x", 500), answer{code: 503, said: strings.Repeat("x", saying)}, "", true, false},
		"a redirect is not followed":        {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", answer{code: 302}, "", true, false},
		"behind one that only announces it": {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Pod: b\r\n\r\n" + whole, good, "", true, false},
		"names in any case":                 {"HTTP/1.1 200 OK\r\nx-pod: a\r\nx-version: v1\r\ncontent-length: 0\r\n\r\n", good, "", true, false},
		"that closes the connection":        {"HTTP/1.1 200 OK\r\nX-Pod: a\r\nX-Version: v1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", good, "", false, false},
		"of HTTP/1.0, up to the end":        {"HTTP/1.0 200 OK\r\nX-Pod: a\r\nX-Version: v1\r\n\r\nhello", good, "", false, true},
		"without a length, up to the end":   {"HTTP/1.1 200 OK\r\nX-Pod: a\r\nX-Version: v1\r\n\r\nhello", good, "", false, true},
		"with something unasked behind":     {whole + "HTTP/1.1 408 Request Timeout\r\n\r\n", good, "", false, false},
		"that changes the protocol":         {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", answer{code: 101}, "", false, false},
		"cut off in the body":               {strings.TrimSuffix(whole, "lo"), answer{pod: "a", version: "v1"}, "reading the answer's body: unexpected EOF", false, true},
		"cut off in the head":               {whole[:27], answer{}, "reading the answer: unexpected EOF", false, true},
		"cut off before it began":           {"", answer{}, "waiting for an answer: connection closed by the other side", false, true},
		"of another protocol":               {"SSH-2.0-OpenSSH\r\n\r\n", answer{}, `reading the answer: malformed HTTP response "SSH-2.0-OpenSSH"`, false, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := says(tt.text)
				if tt.ends {
					first = once(tt.text)
				}
				n := newNetwork()
				n.script(first, says(whole))
				c, dials := dialing(t, n)
				got, err := c.ask(t.Context(), time.Now().Add(time.Second))
				text := ""
				if err != nil {
					text = err.Error()
				}
				if got != tt.want || text != tt.err {
					t.Errorf("got %+v, %q, want %+v, %q", got, text, tt.want, tt.err)
				}
				again, err := c.ask(t.Context(), time.Now().Add(time.Second))
				want := good
				if tt.kept {
					want = tt.want
				}
				if again != want || err != nil {
					t.Errorf("the next: got %+v, %v, want %+v", again, err, want)
				}
				if kept := *dials == 1; kept != tt.kept {
					t.Errorf("%d connections made; kept should be %v", *dials, tt.kept)
				}
				c.close()
				n.Close()
			})
		})
	}
}

// A server may close an unused connection at any time, and so in the moment in
// which the next request is sent.
func TestAConnectionClosedWhileUnusedIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		second := func(c net.Conn, request int) bool { return request == 0 && says(whole)(c, request) }
		n.script(second, says(whole))
		c, dials := dialing(t, n)
		for i := range 3 {
			if a, err := c.ask(t.Context(), time.Now().Add(time.Second)); err != nil || a.code != 200 {
				t.Errorf("request %d: got %+v, %v", i, a, err)
			}
		}
		if *dials != 2 {
			t.Errorf("%d connections, want 2", *dials)
		}
		c.close()
	})
}

func TestOnlyAnUnusedConnectionIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.script(func(c net.Conn, request int) bool {
			if request == 0 {
				return says(whole)(c, request)
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			return false
		}, says(whole))
		c, dials := dialing(t, n)
		if _, err := c.ask(t.Context(), time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		// Part of an answer: the request was handled.
		if a, err := c.ask(t.Context(), time.Now().Add(time.Second)); err == nil || err.Error() != "reading the answer: unexpected EOF" {
			t.Errorf("got %+v, %v", a, err)
		}
		if *dials != 1 {
			t.Errorf("%d connections, want 1", *dials)
		}
		n.Close()
	})
}

func TestTimeouts(t *testing.T) {
	tests := map[string]struct {
		network func() *network
		want    string
	}{
		"while connecting": {newNetwork, "connecting to servicex:80: timeout"},
		"while sending": {func() *network {
			n := newNetwork()
			go func() { _, _ = n.Accept() }() // reads nothing
			return n
		}, "sending: timeout"},
		"without an answer": {func() *network {
			n := newNetwork()
			n.script(says(""))
			return n
		}, "waiting for an answer: timeout"},
		"within the head": {func() *network {
			n := newNetwork()
			n.script(says("HTTP/1.1 200 OK\r\nX-Pod:"))
			return n
		}, "reading the answer: timeout"},
		"within the body": {func() *network {
			n := newNetwork()
			n.script(says(strings.TrimSuffix(whole, "o")))
			return n
		}, "reading the answer's body: timeout"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := tt.network()
				c, dials := dialing(t, n)
				began := time.Now()
				a, err := c.ask(t.Context(), began.Add(3*time.Second))
				if err == nil || err.Error() != tt.want || a.code != 0 {
					t.Errorf("got %+v, %v, want %q", a, err, tt.want)
				}
				if took := time.Since(began); took != 3*time.Second || *dials != 1 {
					t.Errorf("took %v and %d connections, want 3s and 1", took, *dials)
				}
				n.Close()
			})
		})
	}
}

// A kept connection whose answer does not come is not an unused one.
func TestATimeoutIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.script(func(c net.Conn, request int) bool { return request > 0 || says(whole)(c, request) }, says(whole))
		c, dials := dialing(t, n)
		for _, want := range []string{"", "waiting for an answer: timeout"} {
			_, err := c.ask(t.Context(), time.Now().Add(time.Second))
			if err == nil && want != "" || err != nil && err.Error() != want {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		if *dials != 1 {
			t.Errorf("%d connections, want 1", *dials)
		}
		n.Close()
	})
}

func TestErrorsNameNoPorts(t *testing.T) {
	l, port := listen(t)
	l.Close()
	target, err := newTarget("http://127.0.0.1:" + port)
	if err != nil {
		t.Fatal(err)
	}
	c := &connection{target: target, dial: new(net.Dialer).DialContext}
	_, err = c.ask(t.Context(), time.Now().Add(10*time.Second))
	if want := "connecting to 127.0.0.1:" + port + ": connect: connection refused"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}
