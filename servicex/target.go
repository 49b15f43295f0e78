package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// target is what the client calls.
type target struct {
	address string // host:port
	request []byte // as it goes over the wire, the same every time
}

// newTarget prepares a GET of a URL.
func newTarget(text string) (target, error) {
	at, err := url.Parse(text)
	if err != nil {
		return target{}, fmt.Errorf("parsing the url: %w", err)
	}
	// Inside of the mesh it is the sidecar that encrypts.
	if at.Scheme != "http" || at.Hostname() == "" || at.User != nil {
		return target{}, fmt.Errorf("parsing the url %q: not of the form http://HOST[:PORT]/PATH", text)
	}
	request, err := http.NewRequest(http.MethodGet, text, nil)
	if err != nil {
		return target{}, fmt.Errorf("making a request for %q: %w", text, err)
	}
	request.Header.Set("User-Agent", "servicex")
	var wire bytes.Buffer
	if err := request.Write(&wire); err != nil {
		return target{}, fmt.Errorf("making a request for %q: %w", text, err)
	}
	port := at.Port()
	if port == "" {
		port = "80"
	}
	return target{net.JoinHostPort(at.Hostname(), port), wire.Bytes()}, nil
}
