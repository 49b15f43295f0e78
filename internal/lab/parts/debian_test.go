package parts

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/runner"
)

// aptGet is how every command of apt's begins.
const aptGet = "apt-get -o DPkg::Lock::Timeout=60 -o Dpkg::Options::=--force-confold "

const theirPolicy = "#!/bin/sh\n# Of this machine.\nexit 101\n"

// apt answers apt-get: an install brings the packages, and sees the policy in
// force that is told to policy.
func apt(t *testing.T, b *bench, policy *string) []answer {
	t.Helper()
	return []answer{
		{begins: aptGet + "update"},
		{begins: aptGet + "install --download-only"},
		{begins: aptGet + "install", do: func(c runner.Command) error {
			content, err := os.ReadFile(b.Root + policyFile)
			*policy = string(content)
			b.install(t, c.Args[slices.Index(c.Args, "--no-remove")+1:]...)
			return err
		}},
		{begins: b.Root + "/usr/bin/systemctl disable"},
	}
}

func TestMissingPackagesAreInstalledAndNotStarted(t *testing.T) {
	tests := []struct {
		name   string
		before string // policy on the machine, "" none
		during string // policy while packages are installed
		after  string
	}{
		{"on a machine without a policy", "", string(policy), ""},
		{"on a machine with one of its own", theirPolicy, theirPolicy, theirPolicy},
		{"after a run that was killed", string(policy), string(policy), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			var during string
			b.run.answers = apt(t, &b, &during)
			b.command(t, "systemctl")
			present := []string{"iptables", "iproute2", "ca-certificates", "python3-pip"}
			b.install(t, present...)
			if err := os.MkdirAll(b.Root+"/usr/sbin", 0o755); err != nil {
				t.Fatal(err)
			}
			if tt.before != "" {
				file(t, b.Root+policyFile, tt.before)
			}
			if err := b.Debian(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := []string{
				aptGet + "update",
				aptGet + "install --download-only -y --no-install-recommends --no-remove containerd containernetworking-plugins docker-registry docker.io etcd-server runc",
				aptGet + "install -y --no-install-recommends --no-remove containerd containernetworking-plugins docker-registry docker.io etcd-server runc",
				"DIR/machine/usr/bin/systemctl disable --quiet etcd.service containerd.service docker.service docker.socket docker-registry.service",
			}
			if diff := cmp.Diff(want, b.run.lines(b.dir)); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
			if during != tt.during {
				t.Errorf("policy while installing: got %q, want %q", during, tt.during)
			}
			after, err := os.ReadFile(b.Root + policyFile)
			if err != nil && !errors.Is(err, os.ErrNotExist) || string(after) != tt.after {
				t.Errorf("policy at the end: got %q and %v, want %q", after, err, tt.after)
			}
			if missing := b.MissingPackages(); len(missing) > 0 {
				t.Errorf("missing: %q", missing)
			}
		})
	}
}

func TestNothingIsInstalledWhereAllIsThere(t *testing.T) {
	b := newBench(t)
	b.install(t, allPackages()...)
	if err := b.Debian(t.Context()); err != nil || len(b.run.asked) > 0 {
		t.Errorf("got %v and ran %q", err, b.run.lines(b.dir))
	}
	if diff := cmp.Diff([]string{"all there"}, *b.remarks); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
}

// Docker's own packages have other names and folders; apt would remove them for
// Debian's.
func TestAnotherPackagesCommandDoesAsWell(t *testing.T) {
	b := newBench(t)
	for _, p := range debianPackages {
		if p.command != "" {
			file(t, b.Root+"/usr/sbin/"+p.command, "")
		}
	}
	for _, plugin := range []string{"bridge", "host-local", "loopback", "portmap"} {
		file(t, b.Root+"/opt/cni/bin/"+plugin, "")
	}
	if diff := cmp.Diff([]string{"ca-certificates"}, b.MissingPackages()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if got, want := b.CNI(), b.Root+"/opt/cni/bin"; got != want {
		t.Errorf("CNI: got %q, want %q", got, want)
	}
}

func TestACommandThatHasMovedToAnotherPackageIsFollowed(t *testing.T) {
	b := newBench(t)
	b.install(t, allPackages()...)
	if err := os.Remove(b.Root + "/usr/bin/docker"); err != nil {
		t.Fatal(err)
	}
	b.command(t, "dockerd")
	b.run.answers = []answer{{begins: aptGet + "update"}, {begins: aptGet + "install", do: func(c runner.Command) error {
		if slices.Contains(c.Args, "docker-cli") {
			b.install(t, "docker-cli")
		}
		return nil
	}}}
	if err := os.MkdirAll(b.Root+"/usr/sbin", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := b.Debian(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last := b.run.lines(b.dir)[4]; !strings.HasSuffix(last, " docker-cli") {
		t.Errorf("last command: got %q", last)
	}
}

func TestAFailedInstallSaysWhatToDo(t *testing.T) {
	broken := &runner.Error{Args: []string{"apt-get"}, Output: "no network", Cause: errors.New("exit status 100")}
	halfWay := &runner.Error{Args: []string{"apt-get"}, Cause: errors.New("exit status 100"),
		Output: "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. "}
	tests := []struct {
		name       string
		answers    []answer
		want, hint string
	}{
		{"update", []answer{{begins: aptGet + "update", err: broken}}, "installing Debian packages: running", "run `" + aptGet + "update` by hand and see what it says"},
		{"download", []answer{{begins: aptGet + "update"}, {begins: aptGet + "install --download-only", err: broken}}, "installing Debian packages: running",
			"run `" + aptGet + "install --download-only -y --no-install-recommends --no-remove etcd-server` by hand and see what it says"},
		{"install", []answer{{begins: aptGet + "update"}, {begins: aptGet + "install --download-only"}, {begins: aptGet + "install", err: broken}}, "installing Debian packages: running",
			"run `" + aptGet + "install -y --no-install-recommends --no-remove etcd-server` by hand and see what it says"},
		{"a dpkg that was stopped half-way", []answer{{begins: aptGet + "update"}, {begins: aptGet + "install", err: halfWay}}, "installing Debian packages: running",
			"mend what was stopped half-way with `dpkg --configure -a`, then run `go run ./lab up`"},
		{"nothing that should be there", []answer{{begins: "apt-get"}},
			"installing Debian packages: apt-get succeeded, yet what these should hold is not there: etcd-server", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, tt.answers...)
			b.install(t, allPackages()...)
			if err := os.Remove(b.Root + "/usr/bin/etcd"); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(b.Root+"/usr/sbin", 0o755); err != nil {
				t.Fatal(err)
			}
			err := b.Debian(t.Context())
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || hint.Of(err) != tt.hint {
				t.Errorf("got %v with hint %q, want %q with %q", err, hint.Of(err), tt.want, tt.hint)
			}
			if b.PolicyLeft() {
				t.Error("the policy is left")
			}
		})
	}
}

func TestWhatIsTooOldIsNamed(t *testing.T) {
	b := newBench(t)
	b.install(t, allPackages()...)
	docker, containerd := b.Root+"/usr/bin/dockerd --version", b.Root+"/usr/bin/containerd --version"
	tests := []struct {
		name               string
		docker, containerd answer
		want               []string
	}{
		{"Debian 12", answer{out: "Docker version 20.10.24+dfsg1, build 297e128"}, answer{out: "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u1"}, nil},
		{"new", answer{out: "Docker version 28.2.2, build e6534b4"}, answer{out: "containerd containerd.io v2.1.0 abc"}, nil},
		{"old", answer{out: "Docker version 19.03.15, build 99e3ed8919"}, answer{out: "containerd github.com/containerd/containerd 1.4.13~ds1"},
			[]string{`"` + b.Root + `/usr/bin/dockerd" is 19.3.15, the lab needs 20.10 or newer`, `is 1.4.13, the lab needs 1.6 or newer`}},
		{"broken", answer{err: errors.New("broken")}, answer{out: "nonsense"}, []string{`/usr/bin/dockerd" for its version: broken`, "is 0.0.0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.docker.begins, tt.containerd.begins = docker, containerd
			b.run.answers = []answer{tt.docker, tt.containerd}
			err := b.Outdated(t.Context())
			if len(tt.want) == 0 && err != nil {
				t.Errorf("got %v, want none", err)
			}
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestSystemPathAddsWhatIsMissing(t *testing.T) {
	for path, want := range map[string]string{
		"":               "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"/bin:/usr/bin":  "/bin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin",
		"/own:/usr/sbin": "/own:/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin:/sbin:/bin",
	} {
		if got := SystemPath(path); got != want {
			t.Errorf("of %q: got %q, want %q", path, got, want)
		}
	}
}
