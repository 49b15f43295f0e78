package main

import (
	"errors"
	"flag"
	"strings"
	"testing"
	"time"
)

func TestFlags(t *testing.T) {
	tests := map[string]struct {
		args string
		want options
	}{
		"a target is enough": {"-url http://servicex-service", options{load: load{Rate: 10, Concurrency: 1, Timeout: 10 * time.Second}}},
		"as the observer starts it": {
			"-url http://servicex-service/ -rate 1e+05 -concurrency 1000 -timeout 1h0m0s -duration 24h0m0s -stop-on-stdin-close",
			options{load{Rate: 100000, Concurrency: 1000, Timeout: time.Hour}, 24 * time.Hour, true}},
		"the least of everything": {"-url http://a -rate 0 -concurrency 1 -timeout 1ms -duration 0s -stop-on-stdin-close=false",
			options{load: load{Concurrency: 1, Timeout: time.Millisecond}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readOptions(strings.Fields(tt.args))
			if err != nil {
				t.Fatal(err)
			}
			if got.Rate != tt.want.Rate || got.Concurrency != tt.want.Concurrency || got.Timeout != tt.want.Timeout ||
				got.Duration != tt.want.Duration || got.StopOnStdinClose != tt.want.StopOnStdinClose {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestRefusedFlagsReadAsInTestdata(t *testing.T) {
	tests := []string{
		"",
		"-url servicex-service",
		"-url https://servicex-service/",
		"-url http:///path",
		"-url http://user:secret@servicex/",
		"-url http://servicex:port/",
		"-url http://a -rate -1",
		"-url http://a -rate 100000.1",
		"-url http://a -rate NaN",
		"-url http://a -rate Inf",
		"-url http://a -concurrency 0",
		"-url http://a -concurrency 1001",
		"-url http://a -concurrency 1.5",
		"-url http://a -timeout 0s",
		"-url http://a -timeout 1h1ns",
		"-url http://a -duration -1s",
		"-url http://a -duration 30",
		"-url http://a -stop-on-stdin-close=perhaps",
		"-url http://a more",
		"-rate x -workers 3",
		"-url",
		"-url a -rate x -concurrency x -timeout x -duration x -stop-on-stdin-close=x x",
	}
	var text strings.Builder
	for _, args := range tests {
		_, err := readOptions(strings.Fields(args))
		if _, ok := errors.AsType[problems](err); !ok {
			t.Errorf("%q: got %v, want problems", args, err)
			continue
		}
		text.WriteString("servicex client " + args + "\n" + err.Error() + "\n\n")
	}
	golden(t, "flags.golden", text.String())
}

func TestHelpIsNoProblem(t *testing.T) {
	if _, err := readOptions([]string{"-rate", "x", "-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v", err)
	}
}

func TestTargets(t *testing.T) {
	tests := map[string]struct{ address, request string }{
		"http://servicex-service":            {"servicex-service:80", "GET / HTTP/1.1\r\nHost: servicex-service\r\nUser-Agent: servicex\r\n\r\n"},
		"http://servicex:8080/a/b%20c?d=e#f": {"servicex:8080", "GET /a/b%20c?d=e HTTP/1.1\r\nHost: servicex:8080\r\nUser-Agent: servicex\r\n\r\n"},
		"http://[::1]:80/":                   {"[::1]:80", "GET / HTTP/1.1\r\nHost: [::1]:80\r\nUser-Agent: servicex\r\n\r\n"},
		"HTTP://[fe80::1]":                   {"[fe80::1]:80", "GET / HTTP/1.1\r\nHost: [fe80::1]\r\nUser-Agent: servicex\r\n\r\n"},
	}
	for url, want := range tests {
		got, err := newTarget(url)
		if err != nil || got.address != want.address || string(got.request) != want.request {
			t.Errorf("%s: got %q, %q, %v\nwant %q, %q", url, got.address, got.request, err, want.address, want.request)
		}
	}
}
