package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
)

func TestTheServerAsAProcess(t *testing.T) {
	l, port := listen(t)
	l.Close()
	c := program(t, []string{"PORT=" + port, "error=yes", "MAX_DELAY=1ms", "GRACE=1s", "POD_NAME=a", "POD_VERSION=b"})
	logs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(logs)
	line := func() (log struct{ Level, Msg, Pod, Version, State, MaxDelay string }) {
		t.Helper()
		text, err := reader.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &log); err != nil {
			t.Errorf("log line %q: %v", text, err)
		}
		return log
	}
	if got := line(); got.Msg != "serving" || got.Pod != "a" || got.Version != "b" || got.State != "faulty" || got.MaxDelay != "1ms" {
		t.Errorf("first log line: %+v", got)
	}
	response, err := http.Get("http://" + net.JoinHostPort("127.0.0.1", port) + "/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusGatewayTimeout || response.Header.Get(headerPod) != "a" {
		t.Errorf("got %d, %v", response.StatusCode, response.Header)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := line(); got.Msg != "stopped" || got.Level != "INFO" {
		t.Errorf("last log line: %+v", got)
	}
	if rest, err := io.ReadAll(reader); err != nil || len(rest) > 0 {
		t.Errorf("more logs: %q, %v", rest, err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}
