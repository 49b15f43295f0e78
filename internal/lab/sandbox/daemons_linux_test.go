package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Whatever the user has set: a proxy, certificates, tokens, sockets of a
// service manager.
func TestDaemonsHaveAShortListOfVariables(t *testing.T) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "SSL_CERT_FILE", "GITHUB_TOKEN", "NOTIFY_SOCKET", "LISTEN_FDS", "HOME", "DOCKER_TLS_VERIFY", "GODEBUG"} {
		t.Setenv(name, "the-users-own")
	}
	t.Setenv("TZ", "UTC")
	tr := try(t)
	names := func(environ string) []string {
		var names []string
		for entry := range strings.SplitSeq(environ, "\n") {
			name, _, _ := strings.Cut(entry, "=")
			names = append(names, name)
		}
		slices.Sort(names)
		return names
	}
	if diff := cmp.Diff([]string{"DAEMON", "PATH", "TZ"}, names(read(t, tr.dir+"/environ"))); diff != "" {
		t.Errorf("variables of a daemon (-want +got):\n%s", diff)
	}
	if environ := read(t, fmt.Sprintf("/proc/%d/environ", tr.PID)); strings.Contains(environ, "the-users-own") {
		t.Errorf("the supervisor has %q", strings.Split(environ, "\x00"))
	}
}

func TestModesDoNotDependOnTheUsersUmask(t *testing.T) {
	old := syscall.Umask(0o077)
	t.Cleanup(func() { syscall.Umask(old) })
	tr := try(t)
	for name, want := range map[string]os.FileMode{"environ": 0o644, "daemon.log": 0o600, "supervisor.log": 0o600} {
		if info, err := os.Stat(tr.dir + "/" + name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v and %v, want mode %o", name, info, err, want)
		}
	}
}

func TestADaemonThatEndsAgainAndAgainIsToldSoon(t *testing.T) {
	tr := try(t)
	began := time.Now()
	until(t, "the daemon that cannot run to be told", func() error {
		all, err := ReadFailing(tr.dir + "/failing.json")
		if err == nil && len(all) == 0 {
			err = errors.New("none is")
		}
		return err
	})
	all, err := ReadFailing(tr.dir + "/failing.json")
	if err != nil || len(all) != 1 || all[0].Name != "missing" || all[0].Log != tr.dir+"/missing.log" || all[0].Ends < failing || !strings.Contains(all[0].Exit, "no such file") {
		t.Errorf("got %+v and %v, want the one that cannot run, alone", all, err)
	}
	t.Logf("told after %s", time.Since(began).Round(time.Millisecond))
}

func TestTheDelayGrowsUpToALimit(t *testing.T) {
	var got []string
	for _, ends := range []int{1, 2, 3, 4, 7, 8, 1000} {
		got = append(got, delay(ends).String())
	}
	if diff := cmp.Diff([]string{"500ms", "1s", "2s", "4s", "5s", "5s", "5s"}, got); diff != "" {
		t.Errorf("delays (-want +got):\n%s", diff)
	}
}

// The state machine alone: what a daemon is told as after a row of ends.
func TestOnlyEarlyEndsInARowCount(t *testing.T) {
	early, late := time.Second, time.Minute
	tests := []struct {
		name string
		ran  []time.Duration // until each end
		now  time.Duration   // that it has been running since, 0 not
		told bool
	}{
		{"never started", nil, 0, false},
		{"three early ends", []time.Duration{early, early, early}, 0, false},
		{"four early ends", []time.Duration{early, early, early, early}, 0, true},
		{"four early ends and it has just been started", []time.Duration{early, early, early, early}, early, false},
		{"a long life in between", []time.Duration{early, early, early, late, early, early}, 0, false},
		{"many long lives", []time.Duration{late, late, late, late, late, late}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := t.TempDir() + "/failing.json"
			s := newSupervisor(Plan{Failing: file, Daemons: []Daemon{{Name: "d", Log: "/log"}}}, nil)
			d := s.daemons[0]
			for _, ran := range tt.ran {
				d.pid, d.started = 1, time.Now().Add(-ran)
				s.ended(d, "exit status 1")
			}
			if tt.now > 0 {
				d.pid, d.started = 1, time.Now().Add(-tt.now)
			}
			s.tell()
			all, err := ReadFailing(file)
			if want := (Failing{Name: "d", Log: "/log", Ends: failing, Exit: "exit status 1"}); err != nil || tt.told && !slices.Equal(all, []Failing{want}) || !tt.told && len(all) > 0 {
				t.Errorf("got %+v and %v, want it told: %v", all, err, tt.told)
			}
		})
	}
}

func TestALogThatIsTooLargeIsBegunAnew(t *testing.T) {
	file := t.TempDir() + "/log"
	write(t, file, strings.Repeat("x", maxLog))
	limitLog(file)
	if info, err := os.Stat(file); err != nil || info.Size() != maxLog {
		t.Fatalf("at the limit: got %v and %v", info, err)
	}
	log, err := OpenLog(file) // a daemon's
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	fmt.Fprint(log, "y")
	limitLog(file)
	fmt.Fprint(log, "new\n")
	if got := read(t, file); got != "new\n" {
		t.Errorf("got %d bytes, want what was written since alone", len(got))
	}
	if info, err := os.Stat(file + ".old"); err != nil || info.Size() != maxLog+1 || info.Mode().Perm() != logMode {
		t.Errorf("the log before: got %v and %v", info, err)
	}
	limitLog(file + ".missing")
}

func TestTheLastLinesOfALog(t *testing.T) {
	file := t.TempDir() + "/log"
	for content, want := range map[string]string{
		"":                    "",
		"one\n":               "one",
		"one\ntwo\nthree\n":   "two\nthree",
		"one\ntwo\nunfinishd": "two\nunfinishd",
		strings.Repeat("a long line\n", 10000) + "the last\n": "a long line\nthe last",
	} {
		write(t, file, content)
		if got := LastLines(file, 2); got != want {
			t.Errorf("of %d bytes: got %q, want %q", len(content), got, want)
		}
	}
	if got := LastLines(file+".missing", 2); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestWhatCannotBeReadOfFailingDaemonsIsSaid(t *testing.T) {
	file := t.TempDir() + "/failing.json"
	write(t, file, "{")
	if _, err := ReadFailing(file); err == nil || !strings.HasPrefix(err.Error(), "reading which daemons fail: ") {
		t.Errorf("got %v", err)
	}
}
