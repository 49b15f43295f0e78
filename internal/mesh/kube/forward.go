package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"istio-circuit-breaker/internal/mesh"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

const (
	adminPort = 15000
	// adminLimit bounds one request to the admin interface.
	adminLimit = 5 * time.Second
	// dialLimit bounds the way to the pod.
	dialLimit = 10 * time.Second
)

// errNobody is that the admin interface is elsewhere, or not there yet.
var errNobody = errors.New("nobody answers on port")

// forward carries HTTP to one pod's admin port: each connection is a stream
// within one port-forward connection, which is made again after it was lost. No
// port is opened on this machine.
type forward struct {
	namespace, pod string
	port           int
	dialer         httpstream.Dialer
	http           *http.Client

	dialing sync.Mutex // held by whoever dials
	mu      sync.Mutex // of the two below; never held while something is waited for
	conn    httpstream.Connection
	next    int
}

// Admin asks the admin interface of the client's sidecar.
func (c *Cluster) Admin(ctx context.Context, client mesh.Client, path string) ([]byte, error) {
	f, err := c.forward(client)
	if err != nil {
		return nil, err
	}
	body, _, err := f.ask(ctx, path)
	return body, err
}

// ask is one question to the admin interface, with the date of the answer.
func (f *forward) ask(ctx context.Context, path string) (body []byte, said time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, adminLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.pod+path, nil)
	if err != nil {
		return nil, said, fmt.Errorf("asking the sidecar of %q: %w", f.pod, err)
	}
	answer, err := f.http.Do(request)
	if err != nil {
		f.drop()
		return nil, said, forbidden(fmt.Errorf("asking the sidecar of %q: %w", f.pod, err), "create", "pods/portforward", f.namespace)
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	switch {
	case err != nil:
		f.drop()
		return nil, said, fmt.Errorf("asking the sidecar of %q: %w", f.pod, err)
	case answer.StatusCode != http.StatusOK:
		return nil, said, fmt.Errorf("asking the sidecar of %q for %s: %s", f.pod, path, answer.Status)
	}
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		said = date
	}
	return body, said, nil
}

// forward is the connection to the one client that is looked at.
func (c *Cluster) forward(client mesh.Client) (*forward, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.forwards[client.UID]; f != nil {
		return f, nil
	}
	// Only one client is looked at; the one before it is gone.
	for uid, old := range c.forwards {
		old.drop()
		delete(c.forwards, uid)
	}
	f, err := c.newForward(c.namespace, client.Pod, adminPort)
	if err != nil {
		return nil, err
	}
	c.forwards[client.UID] = f
	return f, nil
}

// newForward prepares a connection to a port of a pod; the first question makes it.
func (c *Cluster) newForward(namespace, pod string, port int) (*forward, error) {
	url := c.streams.RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, fmt.Errorf("preparing a port-forward: %w", err)
	}
	websocket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, c.config)
	if err != nil {
		return nil, fmt.Errorf("preparing a port-forward: %w", err)
	}
	plain := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	f := &forward{namespace: namespace, pod: pod, port: port, dialer: portforward.NewFallbackDialerForStreaming(websocket, plain, refused)}
	f.http = &http.Client{Transport: &http.Transport{DialContext: f.dial, MaxIdleConns: 4}}
	return f, nil
}

// refused is true where the API server, or a proxy before it, knows no websockets.
func refused(err error) bool {
	return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
}

// dial opens a pair of streams for one connection to the admin port.
func (f *forward) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	// The dialer takes no context. It ends by itself when the transport gives up.
	done := make(chan result, 1)
	go func() {
		conn, err := f.open()
		done <- result{conn, err}
	}()
	limit := time.NewTimer(dialLimit)
	defer limit.Stop()
	select {
	case r := <-done:
		return r.conn, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-limit.C:
		return nil, errors.New("forwarding to the pod: no connection after " + dialLimit.String())
	}
}

func (f *forward) open() (net.Conn, error) {
	live, err := f.connection()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	id := f.next
	f.next++
	f.mu.Unlock()
	header := http.Header{}
	header.Set(corev1.StreamType, corev1.StreamTypeError)
	header.Set(corev1.PortHeader, strconv.Itoa(f.port))
	header.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(id))
	failed, err := live.CreateStream(header)
	if err != nil {
		return nil, fmt.Errorf("forwarding to port %d: %w", f.port, err)
	}
	failed.Close() // only read from
	header.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := live.CreateStream(header)
	if err != nil {
		live.RemoveStreams(failed)
		return nil, fmt.Errorf("forwarding to port %d: %w", f.port, err)
	}
	s := &stream{Stream: data, closed: func() { live.RemoveStreams(failed, data) }, told: make(chan struct{})}
	// The kubelet reports a port where nobody listens here, and nowhere else.
	go func() {
		text, _ := io.ReadAll(failed)
		if len(text) > 0 {
			s.why = fmt.Errorf("%w %d: %s", errNobody, f.port, strings.TrimSpace(string(text)))
		}
		close(s.told)
		if s.why != nil {
			s.Close()
		}
	}()
	return s, nil
}

// connection is the one to the pod, made where there is none. A dial that hangs
// holds up whoever dials, and not whoever wants to give the connection up.
func (f *forward) connection() (httpstream.Connection, error) {
	f.dialing.Lock()
	defer f.dialing.Unlock()
	f.mu.Lock()
	conn := f.conn
	f.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	conn, _, err := f.dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, fmt.Errorf("forwarding to the pod: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn = conn
	return conn, nil
}

// drop gives the connection up, so that the next request makes a new one.
func (f *forward) drop() {
	f.http.CloseIdleConnections()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn != nil {
		f.conn.Close()
		f.conn = nil
	}
}
