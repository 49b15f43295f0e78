package lab

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"
)

// A crash, a reboot, or a supervisor that was killed: what the lab before left is gone
// on with where all of it is there, and never a part of it.
func TestUpAfterACrashGoesOnOrBeginsAnew(t *testing.T) {
	gone := func(tr trial) { tr.host.running = nil }
	without := func(name string) func(*testing.T, trial) {
		return func(t *testing.T, tr trial) {
			gone(tr)
			remove(t, filepath.Join(tr.State, name))
		}
	}
	tests := []struct {
		name  string
		crash func(t *testing.T, tr trial)
		goes  bool
	}{
		{"the supervisor is gone", func(_ *testing.T, tr trial) { gone(tr) }, true},
		{"the supervisor is being ended", func(_ *testing.T, tr trial) { tr.host.running[0].(*fakeBox).ending = true }, true},
		{"the state folder was taken away", func(t *testing.T, tr trial) { remove(t, tr.State) }, false},
		{"the kubeconfig was taken away from one that runs", func(t *testing.T, tr trial) { remove(t, tr.Kubeconfig()) }, false},
		{"the plan was taken away from one that runs", func(t *testing.T, tr trial) { remove(t, tr.daemons()) }, false},
		{"gone, with the kubeconfig", without("kubeconfig"), false},
		{"gone, with the supervisor's plan", without("daemons.json"), false},
		{"gone, with the number of nodes", without("shape.json"), false},
		{"gone, with a key", without("pki/service-account.key"), false},
		{"gone while it was taken down", without("made-of"), false},
		{"gone, and a key is of no length", func(t *testing.T, tr trial) { gone(tr); file(t, tr.pki("ca.key"), "") }, false},
		{"gone, and a pin has changed", func(t *testing.T, tr trial) {
			gone(tr)
			file(t, tr.Source+"/lab/parts/cluster/go.sum", "h1:other")
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := up(t)
			before := tr.host.running[0]
			tr.host.inside = []int{12} // a command in the network that is gone
			key, err := os.ReadFile(tr.pki("ca.key"))
			if err != nil {
				t.Fatal(err)
			}
			file(t, tr.State+"/pulumi/old", "of the cluster before")
			file(t, tr.varLib()+"/etcd/old", "of the cluster before")
			tt.crash(t, tr)
			if err := tr.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			now, err := os.ReadFile(tr.pki("ca.key"))
			if err != nil {
				t.Fatal(err)
			}
			for what, kept := range map[string]bool{
				"Pulumi's state": exists(tr.State + "/pulumi/old"), "the database": exists(tr.varLib() + "/etcd/old"), "the keys": bytes.Equal(now, key),
			} {
				if kept != tt.goes {
					t.Errorf("%s: those of before are there: %v, want %v", what, kept, tt.goes)
				}
			}
			if said := strings.Contains(tr.shown(), "goes on where the one before has ended"); said != tt.goes {
				t.Errorf("said that it goes on: %v; shown:\n%s", said, tr.shown())
			}
			did := strings.Join(tr.host.did, "\n")
			if starts := strings.Count(did, "start lab"); starts != 1 {
				t.Errorf("got %d starts, want another one:\n%s", starts, did)
			}
			if ends, starts := strings.Index(did, "remove cgroup"), strings.Index(did, "create cgroup"); ends < 0 || ends > starts || len(tr.host.inside) > 0 {
				t.Errorf("what was left has not ended first:\n%s", did)
			}
			if running, err := tr.host.find("", nil); err != nil || len(running) != 1 || running[0] == before {
				t.Errorf("running: %v, want the new one alone", running)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// What is built before the node starts may take minutes.
func TestALabThatEndsWhileUpBuildsGoesOn(t *testing.T) {
	tr := up(t)
	before := tr.host.running[0].(*fakeBox)
	before.ending = true
	if err := tr.runStep(t.Context(), "", step{"starting the node", (*Lab).startNode}); err != nil {
		t.Fatal(err)
	}
	if before.alive || tr.box == box(before) || !strings.Contains(tr.shown(), "goes on where the one before has ended") {
		t.Errorf("before: %+v; runs: %v; shown:\n%s", before, tr.box, tr.shown())
	}
}

// Nothing is lost for a clock that is wrong; with certificates that have ended nobody
// would get far.
func TestALabGoesOnAsLongAsItsCertificatesHold(t *testing.T) {
	tr := up(t)
	made, err := tr.fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		at       time.Duration // from now
		why, err string
	}{
		{"half an hour before they were made", -30 * time.Minute, "", ""},
		{"a year before", -365 * 24 * time.Hour, "", "going on with the lab: its certificates begin at "},
		{"half a year later", 182 * 24 * time.Hour, "", ""},
		{"two years later", 730 * 24 * time.Hour, "its certificates have ended at ", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			why, err := tr.outdated(made, time.Now().Add(tt.at))
			if (why == "") != (tt.why == "") || !strings.HasPrefix(why, tt.why) {
				t.Errorf("got %q, want %q", why, tt.why)
			}
			if (err == nil) != (tt.err == "") || err != nil && (!strings.HasPrefix(err.Error(), tt.err) || !strings.HasPrefix(hint.Of(err), "set the clock")) {
				t.Errorf("got %v with hint %q, want %q", err, hint.Of(err), tt.err)
			}
		})
	}
}

// The API server still has what the kubelet told it before.
func TestANodeThatGoesOnIsReadyOnceItsKubeletSaysSo(t *testing.T) {
	tr := up(t)
	began := time.Now()
	told := func(at time.Time) func(runner.Command) (string, error) {
		return says(fmt.Sprintf(`{"lastHeartbeatTime":%q,"status":"True","type":"Ready"}`, at.UTC().Format(time.RFC3339)))
	}
	tests := []struct {
		name    string
		resumed time.Time
		told    time.Time
		want    bool
	}{
		{"a first start, with a clock that was set back since", time.Time{}, began.Add(-time.Hour), true},
		{"of before", began, began.Add(-2 * time.Second), false},
		{"in the same second", began, began, true},
		{"later", began, began.Add(3 * time.Second), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr.resumed, tr.run.answers["get node "] = tt.resumed, told(tt.told)
			err := tr.ready("lab")(t.Context())
			if (err == nil) != tt.want || err != nil && !strings.HasPrefix(err.Error(), "its kubelet has said nothing yet") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Else nobody would get out of what cannot go on.
func TestALabThatCannotGoOnTellsTheWayOut(t *testing.T) {
	tr := up(t)
	tr.host.running = nil
	tr.host.onStart = func() { file(t, tr.failing(), `[{"name":"etcd","ends":4,"exit":"exit status 1","log":"/x"}]`) }
	tr.run.answers["get --raw /readyz"] = func(runner.Command) (string, error) { return "", errors.New("refused") }
	err := tr.Up(t.Context())
	if err == nil || !strings.Contains(hint.Of(err), "`go run ./lab down` removes that, and the next `lab up` begins anew") {
		t.Errorf("got %v with hint %q", err, hint.Of(err))
	}
}
