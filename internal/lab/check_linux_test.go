package lab

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// finding is that of the named check.
func finding(t *testing.T, findings []Finding, name string) Finding {
	t.Helper()
	for _, f := range findings {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no check %q", name)
	return Finding{}
}

func TestEachCheckSaysWhatItFound(t *testing.T) {
	remove := func(t *testing.T, tr trial, names ...string) {
		t.Helper()
		for _, name := range names {
			if err := os.Remove(tr.Machine.Root + "/usr/bin/" + name); err != nil {
				t.Fatal(err)
			}
		}
	}
	cache := func(t *testing.T, tr trial) { file(t, tr.Cache+"/parts/cluster-0123/kube", "") }
	tests := []struct {
		check  string
		name   string
		change func(t *testing.T, tr trial)
		ok     bool
		says   string // contained
	}{
		{"Linux", "a good machine", nil, true, "6.1.0, "},
		{"root", "root", nil, true, "yes"},
		{"root", "another user", func(_ *testing.T, tr trial) { tr.host.has.user = 1000 }, false, "user id is 1000; namespaces, mounts and cgroups need 0"},
		{"network", "this machine's", nil, true, "this machine's own"},
		{"network", "a lab's", func(t *testing.T, _ trial) { t.Setenv(markVariable, "/lab") }, false, "this is a command of `lab exec`, in the network of a lab"},
		{"kernel", "all works", nil, true, "namespaces, bridges, overlay file systems and netfilter work"},
		{"kernel", "modules are missing", func(_ *testing.T, tr trial) {
			tr.host.lacks = []string{"bridges (bridge): no", "nf_tables (nf_tables): no"}
		},
			false, "it lacks bridges (bridge): no; nf_tables (nf_tables): no"},
		{"kernel", "an unprivileged container", func(_ *testing.T, tr trial) {
			tr.host.probeErr = errors.New("making namespaces: operation not permitted")
		},
			false, "making namespaces: operation not permitted"},
		{"cgroups", "v2", nil, true, "v2, can be made"},
		{"cgroups", "read-only", func(_ *testing.T, tr trial) { tr.host.has.cgroupError = errors.New("read-only file system") }, false, "read-only file system"},
		{"cgroups", "a container whose cgroups cannot be handed on", func(_ *testing.T, tr trial) { tr.host.cgroupErr = errors.New("device or resource busy") }, false, "device or resource busy"},
		{"memory", "enough", nil, true, "8.0 GB, 3.5 GB needed"},
		{"memory", "a machine that is sold with 4 GB", func(_ *testing.T, tr trial) { tr.host.has.memory = 3_810_000 << 10 }, true, "3.9 GB, 3.5 GB needed"},
		{"memory", "too little", func(_ *testing.T, tr trial) { tr.host.has.memory = 2e9 }, false, "only 2.0 GB, 3.5 GB needed"},
		{"disk", "enough to build all", nil, true, "30.0 GB, 16.0 GB needed"},
		{"disk", "too little to build all", func(_ *testing.T, tr trial) { tr.host.has.free = 10e9 }, false, "only 10.0 GB, 16.0 GB needed for "},
		{"disk", "enough when all is built", func(t *testing.T, tr trial) { tr.host.has.free = 10e9; cache(t, tr) }, true, "10.0 GB, 1.5 GB needed"},
		{"disk", "too little where Go compiles", func(_ *testing.T, tr trial) {
			tr.host.disks = map[string]facts{os.TempDir(): {device: 1, free: 1e9}, tr.dir: {device: 2, free: 30e9}}
		}, false, "only 1.0 GB, 4.0 GB needed for " + os.TempDir()},
		{"folders", "short paths", nil, true, "/state, "},
		{"folders", "a path too long for sockets", func(_ *testing.T, tr trial) { tr.State = "/" + strings.Repeat("x", 64) },
			false, "is 1 bytes too long for the socket \"/xxx"},
		{"folders", "the longest path", func(_ *testing.T, tr trial) { tr.State = "/" + strings.Repeat("x", 63) }, true, "/xxx"},
		{"folders", "a space", func(_ *testing.T, tr trial) { tr.State = "/my state" }, false, `"/my state" has characters in it`},
		{"folders", "a colon in the cache", func(_ *testing.T, tr trial) { tr.Cache = "/a:b" }, false, `"/a:b" has characters in it`},
		{"folders", "a state below /var/lib", func(_ *testing.T, tr trial) { tr.State = "/var/lib/lab/state" }, false, `"/var/lib/lab/state" is below /var/lib, in place of which`},
		{"folders", "a cache below /run", func(_ *testing.T, tr trial) { tr.Cache = "/run/user/0/cache" }, false, `"/run/user/0/cache" is below /run`},
		{"folders", "a cache below another name of /run", func(_ *testing.T, tr trial) { tr.Cache = "/var/run/cache" }, false, `"/var/run/cache" is below /run`},
		{"folders", "a state that a link leads to /var/log", func(t *testing.T, tr trial) {
			if err := os.Symlink("/var/log", tr.dir+"/link"); err != nil {
				t.Fatal(err)
			}
			tr.State = tr.dir + "/link/state"
		}, false, `/link/state" is below /var/log`},
		{"folders", "a folder beside /var/lib", func(_ *testing.T, tr trial) { tr.State = "/var/library/state" }, true, "/var/library/state"},
		{"folders", "a read-only disk", func(_ *testing.T, tr trial) { tr.host.has.readOnly = true }, false, "is mounted read-only"},
		{"folders", "a disk from which nothing runs", func(_ *testing.T, tr trial) { tr.host.has.noExec = true }, false, "(noexec)"},
		{"cache", "nobody has it", nil, true, "free"},
		{"cache", "nobody has it any more", func(t *testing.T, tr trial) { file(t, tr.cacheLock(), "the lab in /elsewhere") }, true, "free"},
		{"cache", "another lab has it", func(t *testing.T, tr trial) { otherLab(t, tr) }, false, `are in use by the lab in "/elsewhere"`},
		{"ports", "always", nil, true, "a network of its own"},
		{"Go", "there", nil, true, "/go, go1."},
		{"Debian packages", "all there", nil, true, "there"},
		{"Debian packages", "some missing", func(t *testing.T, tr trial) { remove(t, tr, "etcd", "runc") }, true, "will be installed: etcd-server runc"},
		{"Debian packages", "some missing where there is no apt", func(t *testing.T, tr trial) { remove(t, tr, "etcd", "apt-get") },
			false, "there is no apt-get to install what is missing: etcd-server"},
		{"Debian packages", "some missing where dpkg was stopped half-way", func(t *testing.T, tr trial) {
			remove(t, tr, "etcd")
			file(t, tr.Machine.Root+"/var/lib/dpkg/updates/0000", "")
		}, false, "dpkg was stopped half-way; `dpkg --configure -a` mends that"},
		{"Debian packages", "an old Docker", func(_ *testing.T, tr trial) { tr.run.answers["dockerd --version"] = says("Docker version 18.09.1") },
			false, `/usr/bin/dockerd" is 18.9.1, the lab needs 20.10 or newer`},
		{"registries", "needed and there", nil, true, "within reach: pip for envoy; go for cluster agent provider docker languagehost pause"},
		{"registries", "needed and not there", func(_ *testing.T, tr trial) { tr.run.answers["index versions"] = fails }, false, "pip cannot reach its registry: running"},
		{"registries", "not needed", func(t *testing.T, tr trial) {
			if err := tr.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			tr.run.answers["index versions"], tr.run.answers["GOPROXY"] = fails, fails
		}, true, "not needed, all is in the cache"},
	}
	for _, tt := range tests {
		t.Run(tt.check+"/"+tt.name, func(t *testing.T) {
			tr := newTrial(t)
			if tt.change != nil {
				tt.change(t, tr)
			}
			findings := tr.Check(t.Context())
			got := finding(t, findings, tt.check)
			if got.OK != tt.ok || !strings.Contains(got.Says, tt.says) {
				t.Errorf("got %+v, want %v and %q", got, tt.ok, tt.says)
			}
			if (got.Fix == "") != tt.ok {
				t.Errorf("fix: got %q", got.Fix)
			}
			if err := Missing(findings); (err == nil) != tt.ok || err != nil && !strings.HasPrefix(err.Error(), tt.check+": ") {
				t.Errorf("missing: got %v, want %s alone", err, tt.check)
			}
		})
	}
}

// otherLab holds the cache as a lab with another state folder does.
func otherLab(t *testing.T, tr trial) {
	t.Helper()
	lock, err := tr.lockCache()
	if err != nil {
		t.Fatal(err)
	}
	hold(lock, `the lab in "/elsewhere"`)
	t.Cleanup(func() { lock.Close() })
}

func TestCheckChangesNothing(t *testing.T) {
	tr := newTrial(t)
	tr.Check(t.Context())
	if exists(tr.State) || exists(tr.Cache) || len(tr.host.did) > 0 || strings.Contains(tr.commands(), "install") {
		t.Errorf("state %v, cache %v, host %q, commands\n%s", exists(tr.State), exists(tr.Cache), tr.host.did, tr.commands())
	}
}

func TestFindingsAreATableWithAWayOut(t *testing.T) {
	var got bytes.Buffer
	WriteFindings(&got, []Finding{{Name: "root", OK: true, Says: "yes"}, {Name: "Debian packages", OK: true, Says: "there"}})
	want := "ok    root             yes\nok    Debian packages  there\n"
	if got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
	got.Reset()
	WriteFindings(&got, []Finding{{Name: "root", Says: "no\nnever", Fix: "become root"}})
	want = "FAIL  root             no\n                       never\n                       become root\n\nThis machine cannot run the lab as it is. " + OwnCluster
	if got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

// A person without Linux or root gets three commands, not advice to get them.
func TestTheWayOutIsThreeCommands(t *testing.T) {
	var commands []string
	for line := range strings.Lines(OwnCluster) {
		if strings.HasPrefix(line, "  ") {
			commands = append(commands, strings.Fields(line)[0])
		}
	}
	if got := strings.Join(commands, " "); got != "k3d pulumi pulumi" {
		t.Errorf("got %q", got)
	}
}

func TestNearestIsAFolderThatExists(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{dir: dir, dir + "/a/b/c": dir, "/no-such-folder/x": "/", "no-such-folder": "."} {
		if got := nearest(path); got != want {
			t.Errorf("to %q: got %q, want %q", path, got, want)
		}
	}
}

func TestTheHostTellsFacts(t *testing.T) {
	f, err := kernel{}.facts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if f.kernel == "" || f.memory == 0 || f.free == 0 || f.user != os.Geteuid() || (f.cgroups == "") == (f.cgroupError == nil) {
		t.Errorf("got %+v", f)
	}
	if _, err := (kernel{}).facts("/no-such-folder"); err == nil || !strings.HasPrefix(err.Error(), `asking for the space below "/no-such-folder": `) {
		t.Errorf("got %v", err)
	}
}
