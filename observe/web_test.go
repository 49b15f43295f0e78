package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/network"
)

const aRun = `{"time":"2026-11-24T10:00:00Z","header":{"version":1,"command":"watch","context":"lab","namespace":"circuit-breaker","service":"s","rule":{"enabled":true,"consecutiveGatewayErrors":1,"consecutive5xxErrors":0,"baseEjectionTime":30000000000,"interval":1000000000,"maxEjectionPercent":50,"minHealthPercent":0}}}
{"time":"2026-11-24T10:00:00.1Z","answer":{"latency":100000000,"code":504,"pod":"b","version":"504"}}
{"time":"2026-11-24T10:00:00.25Z","event":{"kind":"ejected","pod":"b","errors":1,"ejection":1}}
`

func TestARecordingIsShownAsAPage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.jsonl")
	if err := os.WriteFile(file, []byte(aRun), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- newCall(observe, stdout, io.Discard).run(ctx, []string{"replay", "--web", "--speed", "10", file})
		stdout.Close()
	}()
	lines := bufio.NewScanner(out)
	lines.Scan()
	address, err := url.Parse(lines.Text())
	if err != nil || address.Hostname() != "127.0.0.1" || address.Scheme != "http" {
		t.Fatalf("first line: got %q, want the page's URL", lines.Text())
	}
	lines.Scan()
	if !strings.Contains(lines.Text(), "ejected b after 1 error in a row") {
		t.Errorf("second line: got %q, want the event", lines.Text())
	}
	response, err := http.Get(address.String() + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	events := bufio.NewScanner(response.Body)
	for events.Scan() && !strings.Contains(events.Text(), `"ended":true`) {
	}
	for _, want := range []string{`"name":"b"`, `"state":"ejected"`, `"controls":false`} {
		if !strings.Contains(events.Text(), want) {
			t.Errorf("the page's state lacks %s: %s", want, events.Text())
		}
	}
	began := time.Now()
	stop()
	if err := <-ended; err != nil {
		t.Errorf("after Ctrl-C: got %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Ctrl-C took %s", took)
	}
}

func TestATakenPortHasAWayOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.jsonl")
	if err := os.WriteFile(file, []byte(aRun), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	var stderr strings.Builder
	code := Main([]string{"observe", "replay", "--web", "--web-port", port, file}, io.Discard, &stderr)
	if code != exitFailed || !strings.Contains(stderr.String(), "serving the page: ") || !strings.Contains(stderr.String(), "hint: choose another port with --web-port") {
		t.Errorf("got %d:\n%s", code, stderr.String())
	}
}

// In a lab that has been taken down there is no way to the host.
func TestAPageWithoutAWayOutSaysSo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.jsonl")
	if err := os.WriteFile(file, []byte(aRun), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(network.HostVariable, file+".missing")
	var stderr strings.Builder
	code := Main([]string{"observe", "replay", "--web", file}, io.Discard, &stderr)
	if code != exitFailed || !strings.Contains(stderr.String(), "serving the page: opening a network: open ") || !strings.Contains(stderr.String(), "hint: the lab that this was run in may be down") {
		t.Errorf("got %d:\n%s", code, stderr.String())
	}
}
