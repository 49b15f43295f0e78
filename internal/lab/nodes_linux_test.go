package lab

import (
	"bytes"
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lab/node"
	"istio-circuit-breaker/internal/lab/sandbox"
	"istio-circuit-breaker/internal/runner"
)

// three is a lab of three nodes that runs. A further node runs unless its file
// says that it does not, as the supervisor has it.
func three(t *testing.T) trial {
	t.Helper()
	tr := newTrial(t)
	tr.Shape = node.Shape{Nodes: 3, Zones: 2}
	tr.run.answers["/proxy/healthz"] = says("ok")
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr.host.within = map[string][]box{"lab-2": {&fakeBox{alive: true}}, "lab-3": {&fakeBox{alive: true}}}
	tr.host.running[0].(*fakeBox).onReload = func() {
		for name, boxes := range tr.host.within {
			boxes[0].(*fakeBox).alive = !exists(tr.nodeFile(name, "off"))
		}
	}
	return tr
}

func TestUpWithThreeNodes(t *testing.T) {
	tr := three(t)
	want := []string{
		"end those marked ISTIO_CIRCUIT_BREAKER_LAB=" + tr.State,
		"remove cgroup " + tr.cgroup(),
		"create cgroup " + tr.cgroup(),
		"create cgroup " + tr.cgroup() + "/lab-2",
		"create cgroup " + tr.cgroup() + "/lab-3",
		"start lab supervise " + tr.State + "/daemons.json",
	}
	if diff := cmp.Diff(want, tr.host.did); diff != "" {
		t.Errorf("done to the machine (-want +got):\n%s", diff)
	}
	for _, name := range []string{"lab", "lab-2", "lab-3"} {
		if !strings.Contains(tr.commands(), "get node "+name+" ") {
			t.Errorf("node %s was not waited for", name)
		}
	}
	var outer, inner sandbox.Plan
	read(t, tr.daemons(), &outer)
	read(t, tr.nodeFile("lab-2", "daemons.json"), &inner)
	var names []string
	for _, d := range outer.Daemons {
		if d.Within != nil {
			names = append(names, d.Name+" on "+d.Within.Bridge)
		}
	}
	if diff := cmp.Diff([]string{"lab-2 on " + outer.Network.Uplink.Device, "lab-3 on " + outer.Network.Uplink.Device}, names); diff != "" {
		t.Errorf("sandboxes in the first (-want +got):\n%s", diff)
	}
	for place, folder := range inner.Binds {
		if !exists(folder) || place != "/var/lib" || !strings.HasPrefix(folder, tr.State) {
			t.Errorf("in place of %q: %q, which has to be there", place, folder)
		}
	}
	if !exists(inner.Masks) || len(inner.Daemons) != 3 {
		t.Errorf("got %+v", inner)
	}
}

func read(t *testing.T, file string, to any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestUpTakesNoNodesAwayUnlessItIsAskedTo(t *testing.T) {
	tests := []struct {
		name  string
		asked node.Shape
		anew  bool
	}{
		{"nothing is asked for", node.Shape{}, false},
		{"the same is asked for", node.Shape{Nodes: 3, Zones: 2}, false},
		{"one node", node.Shape{Nodes: 1}, true},
		{"other zones", node.Shape{Nodes: 3, Zones: 3}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := three(t)
			tr.out.Reset()
			again := *tr.Lab
			again.Shape = tt.asked
			if err := again.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			if anew := strings.Contains(tr.shown(), "begun anew"); anew != tt.anew {
				t.Errorf("begun anew: %v, want %v; shown:\n%s", anew, tt.anew, tr.shown())
			}
		})
	}
}

func TestANodeIsKilledAndStartedAgain(t *testing.T) {
	tr := three(t)
	tr.run.answers["get nodes "] = says("lab Ready <none> 1m v1 lab-a\nlab-2 NotReady <none> 1m v1 lab-b\nlab-3 Ready <none> 1m v1 lab-a\n")
	if err := tr.KillNode(t.Context(), "lab-3"); err != nil {
		t.Fatal(err)
	}
	if found, err := tr.host.find("", tr.nodeArgs("lab-3")); err != nil || len(found) > 0 {
		t.Errorf("running: %v and %v", found, err)
	}
	s, err := tr.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var nodes []string
	for _, p := range s.Parts {
		if p.Name == "node" {
			nodes = append(nodes, p.Says)
		}
	}
	want := []string{"lab Ready <none> 1m v1 lab-a", "lab-2 NotReady <none> 1m v1 lab-b", "lab-3 was killed; `go run ./lab node start lab-3` starts it"}
	if diff := cmp.Diff(want, nodes); diff != "" || s.Works() {
		t.Errorf("it works: %v; nodes (-want +got):\n%s", s.Works(), diff)
	}
	// One that was killed is nothing to wait for.
	tr.run.asked = nil
	if err := tr.Up(t.Context()); err != nil || strings.Contains(tr.commands(), "get node lab-3") || !strings.Contains(tr.commands(), "get node lab-2") {
		t.Errorf("up: got %v, ran\n%s", err, tr.commands())
	}
	// It takes a while until it answers.
	asked := 0
	tr.run.answers["/nodes/lab-3/proxy/healthz"] = func(c runner.Command) (string, error) {
		if asked++; asked < 3 {
			return fails(c)
		}
		return "ok", nil
	}
	if err := tr.StartNode(t.Context(), "lab-3"); err != nil {
		t.Fatal(err)
	}
	if found, err := tr.host.find("", tr.nodeArgs("lab-3")); err != nil || len(found) != 1 || asked != 3 {
		t.Errorf("running: %v and %v, asked %d times", found, err, asked)
	}
	if err := tr.StartNode(t.Context(), "lab-3"); err != nil {
		t.Errorf("once more: %v", err)
	}
}

func TestANodeThatCannotBeKilledIsTold(t *testing.T) {
	one := func(t *testing.T) trial { return up(t) }
	tests := []struct {
		name       string
		lab        func(*testing.T) trial
		node       string
		want, hint string
	}{
		{"the control plane", three, "lab", `node "lab" holds the control plane`, "lab down"},
		{"a name that is none", three, "lab-4", `there is no node "lab-4"`, "lab-2, lab-3"},
		{"a path", three, "../lab-2", `there is no node "../lab-2"`, "lab-2, lab-3"},
		{"a lab of one node", one, "lab-2", `there is no node "lab-2": the lab has one node, "lab"`, "--nodes 3"},
		{"no lab", newTrial, "lab-2", "none is running", "lab up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := tt.lab(t)
			before := exists(tr.Layout.lock())
			for _, do := range []error{tr.KillNode(t.Context(), tt.node), tr.StartNode(t.Context(), tt.node)} {
				if do == nil || !strings.Contains(do.Error(), tt.want) || !strings.Contains(hint.Of(do), tt.hint) {
					t.Errorf("got %v with hint %q", do, hint.Of(do))
				}
			}
			if !before && exists(tr.Layout.lock()) {
				t.Error("the lock's file was left behind")
			}
		})
	}
}

func TestADaemonThatFailsOnAFurtherNodeIsToldWithItsLog(t *testing.T) {
	tr := three(t)
	log := tr.logs() + "/lab-2/kubelet.log"
	file(t, log, "no memory\n")
	file(t, tr.nodeFile("lab-2", "failing.json"), `[{"name":"kubelet","log":"`+log+`","ends":5,"exit":"exit status 1"}]`)
	tr.run.answers["/nodes/lab-2/proxy/healthz"] = fails
	err := tr.StartNode(t.Context(), "lab-2")
	if err == nil || !strings.HasPrefix(err.Error(), "lab-2 kubelet ends again and again, 5 times by now") || !strings.Contains(err.Error(), "no memory") || !strings.Contains(hint.Of(err), log) {
		t.Errorf("got %v with hint %q", err, hint.Of(err))
	}
	s, err := tr.Status(t.Context())
	if err != nil || s.Works() || !strings.Contains(s.Parts[2].Says, log) {
		t.Errorf("status: got %+v and %v", s.Parts, err)
	}
}

func TestTheDryRunSaysWhatBecomesOfALabThatIsThere(t *testing.T) {
	tests := []struct {
		want  string
		shape node.Shape
		ended bool
	}{
		{"The lab runs, and is made of all this: it would stay as it is", node.Shape{}, false},
		{"it would be taken down first", node.Shape{Nodes: 2, Zones: 1}, false},
		{"it would go on", node.Shape{}, true},
		{"it would be removed first", node.Shape{Nodes: 2, Zones: 1}, true},
	}
	for _, tt := range tests {
		tr := three(t)
		if tr.host.did, tr.Shape = nil, tt.shape; tt.ended {
			tr.host.running = nil
		}
		var out bytes.Buffer
		if err := tr.DryRun(t.Context(), &out); err != nil || !strings.Contains(out.String(), tt.want) || len(tr.host.did) > 0 {
			t.Errorf("got %v, want %q; done to the machine: %q; written:\n%s", err, tt.want, tr.host.did, out.String())
		}
	}
}

func TestTheDryRunReadsAsAScriptAndChangesNothing(t *testing.T) {
	tr := newTrial(t)
	tr.Shape = node.Shape{Nodes: 2, Zones: 2}
	var out bytes.Buffer
	if err := tr.DryRun(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	text := keys.ReplaceAllString(strings.ReplaceAll(out.String(), tr.dir, "DIR"), "${1}${2}${3}KEY")
	text = strings.NewReplacer(tr.cgroup(), "CGROUP", "GOARCH="+runtime.GOARCH, "GOARCH=ARCH", "ETCD_UNSUPPORTED_ARCH="+runtime.GOARCH+" ", "").Replace(text)
	golden.Check(t, "dry-run.sh", text)
	if exists(tr.State) || exists(tr.Cache) || len(tr.host.did) > 0 {
		t.Errorf("done to the machine: %q", tr.host.did)
	}
}
