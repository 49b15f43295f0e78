package main

import (
	"context"
	"net"
	"sync"
	"time"
)

const (
	maxRate = 100_000
	// lastAnswers is what requests under way get at the end. It leaves enough of
	// stopLimit.
	lastAnswers = time.Second
	// breather is what a worker rests for when it got no answer: nobody may be
	// there to slow it down.
	breather = 10 * time.Millisecond
	// waiting is how many answers may wait to be written before workers do.
	waiting = 1024
)

// load is which requests are sent, and how.
type load struct {
	Target target
	// Rate in requests a second over all workers; 0 is as fast as answers come.
	Rate float64
	// Concurrency is the number of workers. Each sends one request at a time.
	Concurrency int
	// Timeout of one request, connecting included.
	Timeout time.Duration

	// dial connects to the target; nil is the network.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// run sends requests until stop ends, and takes down each that was answered or
// failed. It returns when all workers have ended.
func (l load) run(stop context.Context, records chan<- record) {
	cut, cancel := context.WithCancel(context.WithoutCancel(stop))
	defer cancel()
	defer context.AfterFunc(stop, func() {
		select {
		case <-time.After(lastAnswers):
			cancel()
		case <-cut.Done():
		}
	})()
	turns := &turns{pacer: pacer{l.Rate}, began: time.Now()}
	var workers sync.WaitGroup
	for range l.Concurrency {
		workers.Go(func() { l.work(stop, cut, turns, records) })
	}
	workers.Wait()
}

// work is one worker: it starts nothing more once stop ends, and gives up what
// it does when cut ends.
func (l load) work(stop, cut context.Context, turns *turns, records chan<- record) {
	c := &connection{target: l.Target, dial: l.dial}
	if c.dial == nil {
		c.dial = new(net.Dialer).DialContext
	}
	defer c.close()
	for turns.wait(stop) {
		sent := time.Now()
		a, err := c.ask(cut, sent.Add(l.Timeout))
		if cut.Err() != nil {
			return // given up by the client, which says nothing about the target
		}
		r := record{Time: sent.UTC(), Latency: time.Since(sent), Code: a.code, Pod: a.pod, Version: a.version, Said: a.said}
		if a.told {
			r.Upstream = &a.upstream
		}
		if err != nil {
			r.Error = err.Error()
		}
		records <- r
		if err != nil {
			rest(stop, breather)
		}
	}
}

// rest waits for d, or until stop ends.
func rest(stop context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stop.Done():
	}
}

// turns hands out to the workers when the next request is sent.
type turns struct {
	pacer pacer
	began time.Time

	mu   sync.Mutex
	hits uint64
}

// wait waits for the next turn; false if stop ended before.
func (t *turns) wait(stop context.Context) bool {
	t.mu.Lock()
	var wait time.Duration
	wait, t.hits = t.pacer.next(time.Since(t.began), t.hits)
	t.mu.Unlock()
	if wait > 0 {
		rest(stop, wait)
	}
	return stop.Err() == nil
}
