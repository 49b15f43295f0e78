package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkClient is requests a second against a bare handler on the loopback,
// server and client in one process: the client with all that it does, lines
// included, beside workers that do no more than ask through http.Transport.
func BenchmarkClient(b *testing.B) {
	l, port := listen(b)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h[headerPod], h[headerVersion] = []string{"servicex-6f7c8d-abcde"}, []string{"200"}
		reply(w, http.StatusOK, "hello\n")
	})}
	go server.Serve(l)
	b.Cleanup(func() { server.Close() })
	url := "http://127.0.0.1:" + port + "/"
	for _, workers := range []int{1, 16} {
		b.Run(fmt.Sprintf("servicex/connections=%d", workers), func(b *testing.B) { benchClient(b, url, workers) })
		b.Run(fmt.Sprintf("http.Transport/connections=%d", workers), func(b *testing.B) { benchTransport(b, url, workers) })
	}
}

func benchClient(b *testing.B, url string, workers int) {
	t, err := newTarget(url)
	if err != nil {
		b.Fatal(err)
	}
	stop, end := context.WithCancelCause(b.Context())
	out := &counter{left: b.N, done: func() { end(nil) }}
	b.ReportAllocs()
	b.ResetTimer()
	load{Target: t, Concurrency: workers, Timeout: time.Minute}.report(stop, out, end)
	b.ReportMetric(float64(out.lines)/b.Elapsed().Seconds(), "requests/s")
	if bytes.Contains(out.last, []byte("error")) {
		b.Errorf("%s", out.last)
	}
}

// counter calls done once that many lines are written.
type counter struct {
	left, lines int
	done        func()
	last        []byte
}

func (c *counter) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte("\n"))
	c.last = append(c.last[:0], p...)
	if c.lines >= c.left {
		c.done()
	}
	return len(p), nil
}

func benchTransport(b *testing.B, url string, workers int) {
	transport := &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	ended := make(chan error, workers)
	b.ReportAllocs()
	b.ResetTimer()
	for range workers {
		go func() {
			for left.Add(-1) >= 0 {
				if err := transportAsks(transport, request); err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
	}
	for range workers {
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

func transportAsks(transport *http.Transport, request *http.Request) error {
	limit, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	response, err := transport.RoundTrip(request.WithContext(limit))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
