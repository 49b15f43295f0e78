package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
)

const (
	// longest is a limit of the client role for the case that nobody stops it.
	longest = 24 * time.Hour
	// stopLimit is how long the client role may take to end after its input was closed.
	stopLimit = 2 * time.Second
	tail      = 2048 // bytes of the client role's standard error that are kept
)

var errEnded = errors.New("the client ended by itself")

// Send runs the client role in the client pod. It ends when its input is
// closed, which also happens if the connection is lost.
func (c *Cluster) Send(ctx context.Context, client mesh.Client, l mesh.Load, answer func(time.Time, timeline.Answer)) error {
	// The short name: the cluster's DNS may have another domain than the mesh.
	command := []string{"/servicex", "client", "-url", "http://" + mesh.Target(c.namespace).String() + "/",
		"-rate", strconv.FormatFloat(l.Rate, 'g', -1, 64), "-concurrency", strconv.Itoa(l.Concurrency),
		"-timeout", l.Timeout.String(), "-duration", longest.String(), "-stop-on-stdin-close"}
	request := c.streams.RESTClient().Post().Resource("pods").Namespace(c.namespace).Name(client.Pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: clientContainer, Command: command, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	executor, err := c.executor(request.URL())
	if err != nil {
		return fmt.Errorf("starting the load in %q: %w", client.Pod, err)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	input, hold := io.Pipe()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ended:
		case <-ctx.Done():
			hold.Close()
			select {
			case <-ended:
			case <-time.After(stopLimit):
				cancel()
			}
		}
	}()
	output, failure := &lines{take: func(line []byte) error {
		sent, a, err := mesh.ParseAnswer(line)
		if err == nil {
			answer(sent, a)
		}
		return err
	}}, &last{}
	err = executor.StreamWithContext(run, remotecommand.StreamOptions{Stdin: input, Stdout: output, Stderr: failure})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		err = errEnded
	}
	if text := bytes.TrimSpace(failure.text); len(text) > 0 {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return forbidden(fmt.Errorf("sending requests from %q: %w", client.Pod, err), "create", "pods/exec", c.namespace)
}

func (c *Cluster) executor(url *url.URL) (remotecommand.Executor, error) {
	websocket, err := remotecommand.NewWebSocketExecutor(c.config, "GET", url.String())
	if err != nil {
		return nil, err
	}
	spdy, err := remotecommand.NewSPDYExecutor(c.config, "POST", url)
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(websocket, spdy, refused)
}

// lines cuts what is written into lines.
type lines struct {
	take func([]byte) error
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		if err := l.take(line); err != nil {
			return 0, err
		}
		l.rest = rest
	}
}

// last keeps the end of what is written.
type last struct{ text []byte }

func (l *last) Write(p []byte) (int, error) {
	l.text = append(l.text, p...)
	l.text = l.text[max(0, len(l.text)-tail):]
	return len(p), nil
}
