package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// running is a server in a synctest bubble.
type running struct {
	*network
	t       *testing.T
	signals chan os.Signal
	ended   chan error
	log     strings.Builder
}

func start(t *testing.T, s *service) *running {
	r := &running{network: newNetwork(), t: t, signals: make(chan os.Signal, 2), ended: make(chan error, 1)}
	go func() { r.ended <- s.serve(r.network, r.signals, log.New(&r.log, "", 0)) }()
	return r
}

// ask asks once, on a connection of its own; 0 where there is no answer.
func (r *running) ask(path string) int {
	transport := &http.Transport{DialContext: r.dial, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://servicex"+path, nil)
	if err != nil {
		r.t.Error(err)
		return 0
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0
	}
	return response.StatusCode
}

// after collects what f returns, asked for in a goroutine of its own.
func after[T any](f func() T) <-chan T {
	c := make(chan T, 1)
	go func() { c <- f() }()
	return c
}

func (r *running) stopped(began time.Time, took time.Duration, failure string) {
	r.t.Helper()
	err := <-r.ended
	// net/http looks for the last answer's end every half a second, give or take.
	if got := time.Since(began); got < took || got > took+550*time.Millisecond {
		r.t.Errorf("stopped after %v, want %v", got, took)
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != failure {
		r.t.Errorf("got error %q, want %q", text, failure)
	}
	if code := r.ask("/"); code != 0 {
		r.t.Errorf("answers %d after its end", code)
	}
	if r.log.Len() > 0 {
		r.t.Errorf("logged %q", r.log.String())
	}
}

func TestStopping(t *testing.T) {
	tests := map[string]struct {
		delay, grace time.Duration
		again        bool // a second signal, half a second later
		took         time.Duration
		code         int // of the request under way
		failure      string
	}{
		"an answer under way is waited for":   {3 * time.Second, 5 * time.Second, false, 3 * time.Second, 504, ""},
		"callers have a second to hear of it": {0, 5 * time.Second, false, time.Second, 504, ""},
		"of a short grace a fifth":            {0, time.Second, false, 200 * time.Millisecond, 504, ""},
		"the grace is the limit":              {3 * time.Second, 2 * time.Second, false, 2 * time.Second, 0, "stopping: cutting requests off: not answered within 2s"},
		"no grace cuts off at once":           {3 * time.Second, 0, false, 0, 0, "stopping: cutting requests off: not answered within 0s"},
		"a second signal ends at once":        {3 * time.Second, 5 * time.Second, true, 500 * time.Millisecond, 0, "stopping: cutting requests off: a second signal"},
		"also where nothing is under way":     {0, 5 * time.Second, true, 500 * time.Millisecond, 504, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := faulty
				c.Grace = tt.grace
				r := start(t, newService(c, fixed(tt.delay)))
				underWay := after(func() int { return r.ask("/") })
				synctest.Wait()
				began := time.Now()
				r.signals <- syscall.SIGTERM
				if tt.again {
					time.AfterFunc(500*time.Millisecond, func() { r.signals <- syscall.SIGTERM })
				}
				r.stopped(began, tt.took, tt.failure)
				if code := <-underWay; code != tt.code {
					t.Errorf("the request under way got %d, want %d", code, tt.code)
				}
			})
		})
	}
}

func TestReadinessGoesBeforeTheListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newService(faulty, fixed(2*time.Second)))
		if code := r.ask("/healthz/ready"); code != 200 {
			t.Fatalf("ready: got %d before the stop", code)
		}
		began := time.Now()
		r.signals <- syscall.SIGTERM
		time.Sleep(notice - 1)
		got := []int{r.ask("/healthz/ready"), r.ask("/healthz/live")}
		late := after(func() int { return r.ask("/") })
		if want := []int{503, 200}; !slices.Equal(got, want) {
			t.Errorf("readiness and liveness: got %v, want %v", got, want)
		}
		time.Sleep(1 * time.Nanosecond)
		synctest.Wait()
		if code := r.ask("/healthz/ready"); code != 0 {
			t.Errorf("ready: got %d, want a closed listener", code)
		}
		if code := <-late; code != 504 {
			t.Errorf("the last request got %d, want its answer", code)
		}
		if took := time.Since(began); took != notice-1+2*time.Second {
			t.Errorf("the last request was answered after %v", took)
		}
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
	})
}

// The delay is longer than what reading a request may take.
func TestTheLongestDelayIsWithinTheServersTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := faulty
		c.MaxDelay = time.Minute
		r := start(t, newService(c, fixed(time.Minute-1)))
		began := time.Now()
		if code := r.ask("/"); code != 504 || time.Since(began) != time.Minute-1 {
			t.Errorf("got %d after %v, want 504 after the delay", code, time.Since(began))
		}
		r.signals <- syscall.SIGTERM
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestACallerThatLeavesEndsTheDelay(t *testing.T) {
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: servicex\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: servicex\r\nContent-Length: 5\r\n\r\nhello",
	} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, newService(faulty, fixed(4*time.Second-1)))
			c, err := r.dial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(c, request); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			c.Close()
			began := time.Now()
			r.signals <- syscall.SIGTERM
			r.stopped(began, notice, "") // instead of the delay
		})
	}
}

func TestASlowCallerIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newService(healthy, nil))
		c, err := r.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil || time.Since(began) != margin {
			t.Errorf("closed after %v with %v, want %v", time.Since(began), err, margin)
		}
		r.signals <- syscall.SIGTERM
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
	})
}

// An hour is what Envoy keeps an unused connection for.
func TestAnUnusedConnectionIsKeptForMoreThanAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newService(healthy, nil))
		target, err := newTarget("http://servicex/")
		if err != nil {
			t.Fatal(err)
		}
		dials := 0
		c := &connection{target: target, dial: func(ctx context.Context, n, a string) (conn net.Conn, err error) {
			dials++
			return r.dial(ctx, n, a)
		}}
		defer c.close()
		for range 3 {
			if a, err := c.ask(t.Context(), time.Now().Add(time.Second)); err != nil || a.code != 200 {
				t.Errorf("got %+v, %v", a, err)
			}
			time.Sleep(time.Hour)
		}
		if dials != 1 {
			t.Errorf("%d connections, want 1", dials)
		}
		c.close()
		r.signals <- syscall.SIGTERM
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestABrokenListenerIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newService(healthy, nil))
		r.Close()
		r.stopped(time.Now(), 0, "accepting connections: use of closed network connection")
	})
}
