package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// onTerminal runs observe on a terminal of 70x20 and returns what it wrote there.
// When it has written a text, it is interrupted.
func onTerminal(t *testing.T, env []string, until string, args ...string) (written string, err error) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	fd := int(ours.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 20, Col: 70}); err != nil {
		t.Fatal(err)
	}
	theirs, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), self, args...)
	run.Stdout, run.Stderr = theirs, theirs
	run.Env = append(append(os.Environ(), asObserve+"=1", "TERM=xterm-256color", "TZ=UTC", "NO_COLOR="), env...)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	var all bytes.Buffer
	for chunk := make([]byte, 4096); ; {
		n, err := ours.Read(chunk)
		all.Write(chunk[:n])
		if until != "" && strings.Contains(all.String(), until) {
			until = ""
			if err := run.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}
		if err != nil { // the last process has closed it: EIO
			if err != io.EOF && !strings.Contains(err.Error(), "input/output error") {
				t.Error(err)
			}
			break
		}
	}
	return all.String(), run.Wait()
}

func TestOnARealTerminal(t *testing.T) {
	file := t.TempDir() + "/run.jsonl"
	long := aRun + `{"time":"2026-11-24T11:00:00Z","answer":{"latency":1,"code":200,"pod":"a"}}` + "\n"
	if err := os.WriteFile(file, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name          string
		env           []string
		until         string
		args          []string
		drawn, colour bool
	}{
		{"Ctrl-C puts it back", nil, "ejected", []string{"replay", "--speed", "1", file}, true, true},
		{"NO_COLOR", []string{"NO_COLOR=1"}, "ejected", []string{"replay", "--speed", "1", file}, true, false},
		{"at once", nil, "", []string{"replay", file}, false, true},
		{"one that only prints", []string{"TERM=dumb"}, "", []string{"replay", file}, false, false},
		{"JSON", nil, "", []string{"replay", "--json", file}, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			text, err := onTerminal(t, tt.env, tt.until, tt.args...)
			if err != nil {
				t.Errorf("got %v\n%s", err, text)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			if strings.Contains(text, enter) != tt.drawn || strings.Contains(text, leave) != tt.drawn {
				t.Errorf("alternate screen: want %t in %q", tt.drawn, text)
			}
			if got := strings.Contains(text, "\x1b[31;1m"); got != tt.colour {
				t.Errorf("colour: got %t, want %t in %q", got, tt.colour, text)
			}
			last := text[strings.LastIndex(text, "\x1b[?")+1:]
			if !strings.Contains(last, "ejected") || strings.Contains(text, "context canceled") {
				t.Errorf("at the end: got %q", last)
			}
		})
	}
}
