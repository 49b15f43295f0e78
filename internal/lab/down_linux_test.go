package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/lab/reach"

	"github.com/google/go-cmp/cmp"
)

// policyText is what parts writes while it installs packages.
const policyText = "#!/bin/sh\n# Of the istio-circuit-breaker lab, while it installs packages.\nexit 101\n"

// up brings a trial's lab up, with a command inside and a settings file.
func up(t *testing.T) trial {
	t.Helper()
	tr := newTrial(t)
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr.host.inside = []int{12, 13}
	file(t, tr.Source+"/Pulumi.lab.yaml", "config: {}\n")
	file(t, tr.Source+"/Pulumi.dev.yaml", "config: {}\n")
	tr.host.did = nil
	tr.out.Reset()
	return tr
}

func TestDownLeavesNothing(t *testing.T) {
	tests := []struct {
		name   string
		before func(t *testing.T, tr trial)
	}{
		{"of a running lab", func(*testing.T, trial) {}},
		{"after the supervisor was killed", func(_ *testing.T, tr trial) { tr.host.running = nil }},
		{"of a lab whose state folder was removed by hand", func(t *testing.T, tr trial) {
			if err := os.RemoveAll(tr.State); err != nil {
				t.Fatal(err)
			}
		}},
		{"after `lab up` was killed while it installed packages", func(t *testing.T, tr trial) {
			tr.host.running = nil
			file(t, tr.Machine.Root+"/usr/sbin/policy-rc.d", policyText)
		}},
		{"of two labs, one of which was forgotten", func(_ *testing.T, tr trial) {
			tr.host.running = append(tr.host.running, &fakeBox{alive: true})
		}},
		{"where there is no lab", func(t *testing.T, tr trial) {
			if err := tr.Down(t.Context()); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := up(t)
			tt.before(t, tr)
			if err := tr.Down(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, b := range tr.host.running {
				if b.Alive() {
					t.Error("a supervisor runs")
				}
			}
			s, err := tr.Status(t.Context())
			if err != nil || s.Running || len(s.Left) > 0 {
				t.Errorf("status: got %+v and %v, want nothing left", s, err)
			}
			for _, path := range []string{tr.State, tr.State + ".lock", tr.Source + "/Pulumi.lab.yaml", tr.Machine.Root + "/usr/sbin/policy-rc.d"} {
				if exists(path) {
					t.Errorf("%s is there", path)
				}
			}
			for _, path := range []string{tr.Cache + "/parts", tr.Source + "/Pulumi.dev.yaml"} {
				if !exists(path) {
					t.Errorf("%s is gone, which was not for the lab to remove", path)
				}
			}
		})
	}
}

func TestDownSaysWhatItCouldNotRemove(t *testing.T) {
	tr := up(t)
	tr.host.stubborn = true
	err := tr.Down(t.Context())
	want := "taking the lab down: still there: process 12, run by `lab exec`, process 13, run by `lab exec`, cgroup /sys/fs/cgroup/" + tr.cgroup()
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	if !strings.Contains(tr.shown(), "FAIL TIME  ending the lab's processes") {
		t.Errorf("shown: %q", tr.shown())
	}

	tr = up(t)
	broken := errors.New("broken")
	tr.host.running = []box{&fakeBox{alive: true, stopErr: broken}}
	if err := tr.Down(t.Context()); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	if !exists(tr.State) {
		t.Error("the state of a lab that could not be stopped is gone")
	}
}

func TestUpRunsAfterDown(t *testing.T) {
	tr := up(t)
	if err := tr.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr.run.asked = nil
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := tr.commands(); strings.Contains(got, "/parts/.") || strings.Contains(got, "pip3 download") {
		t.Errorf("built again, from a cache that was to stay:\n%s", got)
	}
}

func TestStatusAsTableAndJSON(t *testing.T) {
	tests := []struct {
		name   string
		before func(t *testing.T, tr trial)
	}{
		{"running", func(*testing.T, trial) {}},
		{"a page is open", func(_ *testing.T, tr trial) {
			tr.host.open = []reach.Port{{Address: netip.MustParseAddrPort("127.0.0.1:38211"), PID: 12}}
		}},
		{"brought up by an older version", func(t *testing.T, tr trial) {
			if err := os.Remove(tr.reach()); err != nil {
				t.Fatal(err)
			}
		}},
		{"a part does not answer", func(t *testing.T, tr trial) {
			tr.host.running = []box{&fakeBox{alive: true, dialErr: errors.New("connection refused")}}
			tr.run.answers["get --raw /readyz"] = fails
		}},
		{"nothing leads to services", func(t *testing.T, tr trial) {
			tr.host.running = []box{&fakeBox{alive: true, dialErr: errors.New("no route to host")}}
		}},
		{"left over", func(t *testing.T, tr trial) {
			tr.host.running = nil
			file(t, tr.Machine.Root+"/usr/sbin/policy-rc.d", policyText)
		}},
		{"down", func(t *testing.T, tr trial) {
			if err := tr.Down(t.Context()); err != nil {
				t.Fatal(err)
			}
		}},
	}
	var got strings.Builder
	for _, tt := range tests {
		tr := up(t)
		tt.before(t, tr)
		s, err := tr.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var table bytes.Buffer
		if err := s.Write(&table); err != nil {
			t.Fatal(err)
		}
		text, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString("# " + tt.name + "\n" + strings.NewReplacer(tr.dir, "DIR", tr.cgroup(), "CGROUP").Replace(table.String()+string(text)) + "\n\n")
	}
	golden.Check(t, "status.txt", got.String())
}

func TestMountsBelowAFolder(t *testing.T) {
	got, err := mountsBelow("/proc")
	if err != nil || len(got) == 0 || got[0] != "/proc" {
		t.Errorf("below /proc: got %q and %v", got, err)
	}
	for _, dir := range []string{t.TempDir(), "/pro"} {
		if got, err := mountsBelow(dir); err != nil || len(got) > 0 {
			t.Errorf("below %s: got %q and %v", dir, got, err)
		}
	}
}

func TestExecNeedsARunningLab(t *testing.T) {
	tr := newTrial(t)
	if err := tr.Exec([]string{"true"}); !errors.Is(err, errNotRunning) {
		t.Errorf("got %v", err)
	}
}

func TestTheEnvironmentInsideIsTheLabs(t *testing.T) {
	t.Setenv("PATH", "/usr/bin")
	l := Layout{State: "/lab"}
	want := []string{
		"ISTIO_CIRCUIT_BREAKER_LAB=/lab",
		"PATH=/lab/bin:/usr/bin",
		"KUBECONFIG=/lab/kubeconfig",
		"DOCKER_HOST=unix:///lab/docker.sock",
		"DOCKER_CONFIG=/lab/docker-client",
		"PULUMI_HOME=/lab/pulumi-home",
		"PULUMI_BACKEND_URL=file:///lab/pulumi?metadata=skip",
		"PULUMI_CONFIG_PASSPHRASE=",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"PULUMI_SKIP_UPDATE_CHECK=true",
		"GOFLAGS=-buildvcs=false '-trimpath' '-gcflags=all=-dwarf=false'" +
			" '-gcflags=cloud.google.com/...=-dwarf=false -l'" +
			" '-gcflags=github.com/aws/...=-dwarf=false -l'" +
			" '-gcflags=github.com/pulumi/...=-dwarf=false -l'" +
			" '-gcflags=istio.io/istio/istioctl/...=-dwarf=false -l'" +
			" '-gcflags=istio.io/istio/pilot/pkg/config/...=-dwarf=false -l'" +
			" '-gcflags=istio.io/istio/pilot/pkg/serviceregistry/ambient/...=-dwarf=false -l'" +
			" '-gcflags=k8s.io/apiextensions-apiserver/...=-dwarf=false -l'" +
			" '-gcflags=k8s.io/client-go/applyconfigurations/...=-dwarf=false -l'" +
			" '-gcflags=k8s.io/client-go/informers/...=-dwarf=false -l'" +
			" '-gcflags=k8s.io/client-go/kubernetes/...=-dwarf=false -l'" +
			" '-gcflags=k8s.io/kubectl/...=-dwarf=false -l'" +
			" '-gcflags=k8s.io/kubernetes/pkg/apis/...=-dwarf=false -l'" +
			" '-gcflags=k8s.io/kubernetes/pkg/controller/...=-dwarf=false -l'" +
			" '-gcflags=k8s.io/kubernetes/pkg/registry/...=-dwarf=false -l'" +
			" '-gcflags=k8s.io/kubernetes/pkg/volume/...=-dwarf=false -l'",
		"CGO_ENABLED=0", "GOPROXY=off",
	}
	if diff := cmp.Diff(want, l.environment()); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}
