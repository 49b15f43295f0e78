package lab

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
)

// fails again and again, as the supervisor tells it.
func (tr trial) fail(t *testing.T, names ...string) {
	t.Helper()
	var all []sandbox.Failing
	for _, name := range names {
		log := tr.Layout.log(name)
		file(t, log, "an old line\n"+strings.Repeat("noise\n", 20)+name+": cannot bind port\n")
		all = append(all, sandbox.Failing{Name: name, Log: log, Ends: 4, Exit: "exit status 1"})
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	file(t, tr.failing(), string(data))
}

func TestADaemonThatEndsAgainAndAgainIsToldWithItsLog(t *testing.T) {
	tests := []struct {
		name  string
		fails []string
		told  string // "" is that it is waited on
	}{
		{"the database", []string{"etcd"}, "etcd"},
		{"the database and what needs it", []string{"kube-apiserver", "kube-controller-manager", "etcd"}, "etcd"},
		{"what is waited for itself", []string{"kube-apiserver", "kube-controller-manager"}, "kube-apiserver"},
		{"another, which needs what is waited for", []string{"kube-controller-manager"}, ""},
		{"none", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t)
				tr.box = &fakeBox{alive: true}
				tr.run.answers["get --raw /readyz"] = fails
				tr.fail(t, tt.fails...)
				began := time.Now()
				err := tr.waitForAPI(t.Context())
				if err == nil {
					t.Fatal("got no error")
				}
				if tt.told == "" {
					if want := "read the logs in " + tr.Layout.log("etcd") + ", " + tr.Layout.log("kube-apiserver"); time.Since(began) < time.Minute || hint.Of(err) != want {
						t.Errorf("got %v after %s with hint %q, want %q", err, time.Since(began), hint.Of(err), want)
					}
					return
				}
				log := tr.Layout.log(tt.told)
				want := tt.told + ` ends again and again, 4 times by now, the last time with "exit status 1"` + "\nits last output:\n"
				if !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), "\n  "+tt.told+": cannot bind port") || strings.Contains(err.Error(), "an old line") {
					t.Errorf("got %q, want %q and the last lines of its log", err, want)
				}
				if hint.Of(err) != "read the whole log in "+log || time.Since(began) > time.Second {
					t.Errorf("hint %q after %s", hint.Of(err), time.Since(began))
				}
			})
		})
	}
}

func TestWhatWorksIsNotSpoiltByADaemonThatFailed(t *testing.T) {
	tr := newTrial(t)
	tr.box = &fakeBox{alive: true}
	tr.fail(t, "etcd")
	if err := tr.waitForAPI(t.Context()); err != nil {
		t.Error(err)
	}
	// Nor is a file that cannot be read a reason not to wait.
	file(t, tr.failing(), "{")
	tries := 0
	err := tr.until(t.Context(), "it", []string{"etcd"}, func(context.Context) error {
		if tries++; tries < 2 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestStatusTellsWhichDaemonsFail(t *testing.T) {
	tr := up(t)
	s, err := tr.Status(t.Context())
	if err != nil || !s.Works() {
		t.Fatalf("got %+v and %v, want all to work", s, err)
	}
	tr.fail(t, "coredns")
	s, err = tr.Status(t.Context())
	if err != nil || s.Works() {
		t.Errorf("got %+v and %v, want it to tell that not all works", s, err)
	}
	found := false
	for _, p := range s.Parts {
		found = found || p.Name == "coredns" && !p.Works && strings.Contains(p.Says, `ends again and again, 4 times by now, the last time with "exit status 1", see `+tr.Layout.log("coredns"))
	}
	if !found {
		t.Errorf("got %+v", s.Parts)
	}
	// Also one that has come to that while the API server was asked.
	tr.fail(t)
	tr.run.answers["get --raw /readyz"] = func(c runner.Command) (string, error) {
		tr.fail(t, "etcd")
		return fails(c)
	}
	if s, err = tr.Status(t.Context()); err != nil || !slices.ContainsFunc(s.Parts, func(p Part) bool { return p.Name == "etcd" }) {
		t.Errorf("got %+v and %v, want etcd among them", s.Parts, err)
	}
	if (Status{}).Works() {
		t.Error("a lab that does not run works")
	}
}

// Without its database the API server takes a minute for each question.
func TestStatusAsksAnAPIServerThatDoesNotAnswerOnce(t *testing.T) {
	tr := up(t)
	for _, want := range []int{4, 1} { // one of them on this machine
		if want == 1 {
			tr.run.answers["get --raw /readyz"] = fails
		}
		tr.run.asked = nil
		if _, err := tr.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
		asked := strings.Split(strings.TrimSpace(tr.commands()), "\n")
		for _, command := range asked {
			if !strings.HasSuffix(command, " --request-timeout=5s") {
				t.Errorf("%q has no limit", command)
			}
		}
		if len(asked) != want {
			t.Errorf("asked %q, want %d", asked, want)
		}
	}
}

func TestWaitingEndsAtItsLimitWithTheLastState(t *testing.T) {
	tests := []struct {
		name   string
		answer func(runner.Command) (string, error)
		wait   func(*Lab, context.Context) error
		want   string
	}{
		{"API server", fails, (*Lab).waitForAPI, "waiting for the API server, 2m0s of at most 2m0s: running `the command`: exit status 3"},
		{"node", says(`{"status":"False"}`), (*Lab).waitForNode, `waiting for the node to be Ready, 2m0s of at most 2m0s: its condition is {"status":"False"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t)
				tr.box = &fakeBox{alive: true}
				tr.run.answers["kubectl get "] = tt.answer
				tr.run.answers["get --raw /readyz"], tr.run.answers["get node "] = tt.answer, tt.answer
				if err := tt.wait(tr.Lab, t.Context()); err == nil || err.Error() != tt.want {
					t.Errorf("got %v, want %q", err, tt.want)
				}
			})
		})
	}
}

func TestWaitingEndsWithTheSupervisor(t *testing.T) {
	tr := newTrial(t)
	b := &fakeBox{alive: true}
	tr.box = b
	tr.run.answers["get --raw /readyz"] = func(runner.Command) (string, error) {
		b.alive = false
		return "", errors.New("connection refused")
	}
	for _, tt := range []struct{ says, want string }{
		{"", `/state/log/supervisor.log"`},
		{"starting\nno such file\n", `/state/log/supervisor.log": no such file`},
	} {
		b.alive = true
		if tt.says != "" {
			file(t, tr.Layout.log("supervisor"), tt.says)
		}
		err := tr.waitForAPI(t.Context())
		if err == nil || !strings.Contains(err.Error(), `the lab's supervisor has ended, see "`) || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("got %v, want %q at its end", err, tt.want)
		}
	}
}
