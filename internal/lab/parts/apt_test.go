package parts

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"
)

// lackingEtcd is a machine that lacks one package.
func lackingEtcd(t *testing.T) bench {
	t.Helper()
	b := newBench(t)
	b.install(t, allPackages()...)
	if err := os.Remove(b.Root + "/usr/bin/etcd"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(b.Root+"/usr/sbin", 0o755); err != nil {
		t.Fatal(err)
	}
	return b
}

// What apt-get prints where another one runs, as apt 2.6 does.
var lockMessages = map[string]string{
	"lists":    "Reading package lists...\nE: Could not get lock /var/lib/apt/lists/lock. It is held by process 4107 (apt-get)\nE: Unable to lock directory /var/lib/apt/lists/",
	"archives": "E: Could not get lock /var/cache/apt/archives/lock. It is held by process 4107 (apt-get)\nE: Unable to lock directory /var/cache/apt/archives/",
	"dpkg":     "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4107 (unattended-upgr)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
}

func TestAnotherPackageManagerIsWaitedFor(t *testing.T) {
	for name, message := range lockMessages {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := lackingEtcd(t)
				tries := map[string]int{}
				b.run.answers = []answer{{begins: aptGet, do: func(c runner.Command) error {
					verb := c.Args[5]
					if tries[verb]++; tries[verb] < 4 {
						return &runner.Error{Args: c.Args, Output: message, Cause: errors.New("exit status 100")}
					}
					b.command(t, "etcd")
					return nil
				}}}
				if err := b.Debian(t.Context()); err != nil {
					t.Fatal(err)
				}
				if tries["update"] != 4 || !slices.Contains(*b.notes, "waiting for another package manager to end") {
					t.Errorf("tries %v, notes %q", tries, *b.notes)
				}
			})
		})
	}
}

func TestWaitingForAnotherPackageManagerHasALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := lackingEtcd(t)
		b.run.answers = []answer{{begins: aptGet, err: &runner.Error{Args: []string{"apt-get"}, Output: lockMessages["dpkg"], Cause: errors.New("exit status 100")}}}
		err := b.Debian(t.Context())
		want := "installing Debian packages: waiting for another package manager to end, 10m0s of at most 10m0s: running `apt-get`: exit status 100"
		if err == nil || err.Error() != want || hint.Of(err) == "" {
			t.Errorf("got %v with hint %q, want %q", err, hint.Of(err), want)
		}
	})
}

// Ctrl-C while packages are installed must not leave dpkg half-way; while they
// are fetched it stops at once.
func TestInstallingIsNotStoppedHalfWay(t *testing.T) {
	b := lackingEtcd(t)
	ctx, cancel := context.WithCancel(t.Context())
	var whole []bool
	b.run.answers = []answer{{begins: aptGet, do: func(c runner.Command) error {
		whole = append(whole, c.Whole)
		if c.Whole {
			cancel()
			b.command(t, "etcd")
		}
		return nil
	}}}
	err := b.Debian(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want to hear of the end", err)
	}
	if want := []bool{false, false, true}; !slices.Equal(whole, want) {
		t.Errorf("update, download and install are whole: got %v, want %v", whole, want)
	}
	if b.PolicyLeft() {
		t.Error("the policy is left")
	}
}

func TestAptAsksNobodyAndSpeaksEnglish(t *testing.T) {
	b := lackingEtcd(t)
	b.run.answers = []answer{{begins: aptGet}}
	_ = b.Debian(t.Context()) // which finds nothing installed
	for _, c := range b.run.asked {
		for _, want := range []string{"DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "NEEDRESTART_SUSPEND=1"} {
			if !slices.Contains(c.Env, want) {
				t.Errorf("%s: got environment %q, want %s", runner.Quote(c.Args), c.Env, want)
			}
		}
	}
}

func TestADpkgThatWasStoppedHalfWayIsTold(t *testing.T) {
	b := newBench(t)
	if err := b.Interrupted(); err != nil {
		t.Errorf("of a machine without dpkg: %v", err)
	}
	file(t, b.Root+"/var/lib/dpkg/updates/tmp.i", "")
	if err := b.Interrupted(); err != nil {
		t.Errorf("of one at rest: %v", err)
	}
	file(t, b.Root+"/var/lib/dpkg/updates/0001", "Package: etcd-server")
	if err := b.Interrupted(); err == nil || !strings.Contains(err.Error(), "`dpkg --configure -a` mends that") {
		t.Errorf("got %v", err)
	}
}
