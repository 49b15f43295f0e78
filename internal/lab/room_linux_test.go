package lab

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"
)

// noRoomFor is how pip and Go end where they have written to a full disk.
func noRoomFor(says string) func(runner.Command) (string, error) {
	return func(c runner.Command) (string, error) {
		return "", &runner.Error{Args: []string{"the", "command"}, Output: says, Cause: errors.New("exit status 1")}
	}
}

func TestAFullDiskIsToldByItsFolder(t *testing.T) {
	const (
		pip    = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
		golang = "copying /tmp/go-build1/b001/exe/a.out: write /x: no space left on device"
		quota  = "write /x: disk quota exceeded"
	)
	tests := []struct {
		name   string
		at     string // what a command has in it that fails
		says   string // last
		fills  string // the folder whose disk has little left by then; "" is none
		left   uint64 // on it
		told   string // "" is that no disk is
		advice string
	}{
		{"the cache, while something is fetched", "pip3 download", pip, "cache", 8e6, "the disk of DIR/cache has 8 MB left, 1500 MB are needed", "make room there and go on with `go run ./lab up`, "},
		{"the cache, while something is compiled", "-tags=agent '-ldflags", golang, "cache", 0, "the disk of DIR/cache has 0 MB left, 500 MB are needed", "make room there and go on with `go run ./lab up`, "},
		{"the state, of which nobody says anything", "docker push", "500 Internal Server Error", "state", 0, "the disk of DIR/state has 0 MB left, 100 MB are needed", "make room there and go on with `go run ./lab up`, "},
		{"somebody else's", "docker push", golang, "", 0, "", "make room where it says and go on with `go run ./lab up`, "},
		{"a user's share of one", "docker push", quota, "", 0, "", "make room where it says and go on with `go run ./lab up`, "},
		{"none, though there is not much left", "docker push", "500 Internal Server Error", "state", 50e6, "", "read the whole log in "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTrial(t)
			tr.run.answers[tt.at] = func(c runner.Command) (string, error) {
				if tt.fills != "" {
					tr.host.disks = map[string]facts{tr.dir + "/" + tt.fills: {device: 1, free: tt.left}}
				}
				return noRoomFor(tt.says)(c)
			}
			err := tr.Up(t.Context())
			if err == nil {
				t.Fatal("got no error")
			}
			message := strings.ReplaceAll(err.Error(), tr.dir, "DIR")
			if !strings.Contains(message, tt.told) || tt.told == "" && strings.Contains(message, "the disk of ") {
				t.Errorf("got %q, want %q", message, tt.told)
			}
			if !strings.HasSuffix(message, "\nits last output:\n  "+tt.says) {
				t.Errorf("got %q, want the command's last output at its end", message)
			}
			if got := hint.Of(err); !strings.HasPrefix(got, tt.advice) {
				t.Errorf("hint: got %q, want %q", got, tt.advice)
			}
		})
	}
}

// A daemon that cannot write cannot write why, either.
func TestAFullDiskIsToldWhereADaemonFails(t *testing.T) {
	tr := newTrial(t)
	tr.run.answers["get --raw /readyz"] = func(runner.Command) (string, error) {
		tr.host.disks = map[string]facts{tr.State: {device: 1}}
		tr.fail(t, "etcd")
		return "", errors.New("connection refused")
	}
	err := tr.Up(t.Context())
	if want := "waiting for the API server: the disk of " + tr.State + " has 0 MB left, 100 MB are needed: etcd ends again and again"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if got := hint.Of(err); !strings.HasPrefix(got, "make room there") {
		t.Errorf("hint: got %q", got)
	}
}

// Nor can the supervisor write down which daemons end: nobody waits for them.
func TestNothingIsWaitedForOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		tr.box = &fakeBox{alive: true}
		tr.run.answers["get --raw /readyz"] = fails
		file(t, tr.Layout.log("etcd"), "")
		tr.host.disks = map[string]facts{tr.State: {device: 1}}
		began := time.Now()
		if err := tr.waitForAPI(t.Context()); !errors.Is(err, unix.ENOSPC) || time.Since(began) > time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

func TestStatusTellsAFullDisk(t *testing.T) {
	tr := up(t)
	tr.host.disks = map[string]facts{tr.Cache: {device: 1, free: 99e6}, tr.State: {device: 2, free: 100e6}}
	s, err := tr.Status(t.Context())
	if err != nil || s.Works() {
		t.Errorf("got %+v and %v, want it to tell that not all works", s, err)
	}
	want := "the disk of " + tr.Cache + " has 99 MB left, 100 MB are needed: make room there, and the lab goes on by itself"
	var says []string
	for _, p := range s.Parts {
		if p.Name == "disk" {
			says = append(says, p.Says)
		}
	}
	if len(says) != 1 || says[0] != want {
		t.Errorf("got %q, want %q", says, want)
	}
}

func TestTheKernelsWordsAreKnown(t *testing.T) {
	for err, want := range map[error]bool{unix.ENOSPC: true, unix.EDQUOT: true, unix.EIO: false, errors.New("no space"): false} {
		if got := tellsOfNoRoom(err); got != want {
			t.Errorf("%v: got %v", err, got)
		}
	}
}
