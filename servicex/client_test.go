package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// parse reads the client's lines as the observer does. Each has to be whole.
func parse(t *testing.T, output []byte) []record {
	t.Helper()
	if len(output) > 0 && output[len(output)-1] != '\n' {
		t.Errorf("the last line is not whole: %q", output[max(0, len(output)-200):])
	}
	var records []record
	for line := range bytes.Lines(output) {
		from := json.NewDecoder(bytes.NewReader(line))
		from.DisallowUnknownFields()
		var r record
		if err := from.Decode(&r); err != nil || r.Time.IsZero() || from.More() {
			t.Errorf("line %q: %v", line, err)
		}
		records = append(records, r)
	}
	return records
}

func target504(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(newService(faulty, fixed(time.Millisecond)))
	t.Cleanup(server.Close)
	return server.URL
}

func TestTheClientEnds(t *testing.T) {
	tests := map[string]struct {
		args []string
		end  func(c *exec.Cmd, stdin io.Closer) error
	}{
		"with its input": {[]string{"-stop-on-stdin-close"}, func(_ *exec.Cmd, stdin io.Closer) error { return stdin.Close() }},
		"at SIGTERM":     {nil, func(c *exec.Cmd, _ io.Closer) error { return c.Process.Signal(syscall.SIGTERM) }},
		"at SIGINT":      {nil, func(c *exec.Cmd, _ io.Closer) error { return c.Process.Signal(syscall.SIGINT) }},
		"by itself":      {[]string{"-duration", "200ms"}, func(*exec.Cmd, io.Closer) error { return nil }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := program(t, nil, append([]string{"client", "-url", target504(t), "-rate", "0", "-concurrency", "4"}, tt.args...)...)
			stdin, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			c.Stderr = &stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			reader := bufio.NewReader(stdout)
			first, err := reader.ReadBytes('\n')
			if err != nil {
				t.Fatalf("no answer: %v, %s", err, stderr.String())
			}
			if err := tt.end(c, stdin); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(reader)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Wait(); err != nil || stderr.Len() > 0 {
				t.Errorf("got %v, stderr %q", err, stderr.String())
			}
			for _, r := range parse(t, append(first, rest...)) {
				if r.Code != 504 || r.Pod != faulty.Pod || r.Version != "504" || r.Latency < time.Millisecond || r.Error != "" {
					t.Errorf("got %+v", r)
				}
			}
		})
	}
}

func TestInputIsNotReadUnlessAskedFor(t *testing.T) {
	c := program(t, nil, "client", "-url", target504(t), "-rate", "50", "-duration", "300ms") // its input is closed from the start
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(parse(t, out)); n < 2 {
		t.Errorf("%d answers, want all of the duration", n)
	}
}

func TestAReaderThatGoesAwayIsAnError(t *testing.T) {
	c := program(t, nil, "client", "-url", target504(t), "-rate", "0")
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stdout.Close()
	err = c.Wait()
	if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != exitFailed {
		t.Errorf("got %v, want exit code %d", err, exitFailed)
	}
	if got := stderr.String(); !strings.HasPrefix(got, "servicex: writing answers: ") || !strings.HasSuffix(got, "broken pipe\n") {
		t.Errorf("stderr: %q", got)
	}
}

func TestAReaderThatStallsDoesNotHoldTheEndUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := against(t, newService(healthy, nil).ServeHTTP)
		stalled, out := io.Pipe()
		signals := make(chan os.Signal, 1)
		time.AfterFunc(time.Minute, func() { signals <- syscall.SIGTERM })
		began := time.Now()
		err := options{load: l}.run(process{stdout: out, signals: signals})
		if took := time.Since(began); took != time.Minute+stopLimit {
			t.Errorf("ended after %v, want %v", took, time.Minute+stopLimit)
		}
		if err == nil || err.Error() != "writing answers: nobody has read them for 2s" {
			t.Errorf("got %v", err)
		}
		stalled.Close()
	})
}
