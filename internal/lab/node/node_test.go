package node

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/golden"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// paths are a node's below dir; the machine's own commands are where Debian
// has them.
func paths(dir string) Paths {
	return Paths{
		PKI: dir + "/pki", Etc: dir + "/etc", Logs: dir + "/log", VarLib: dir + "/var-lib", Bin: dir + "/bin",
		CNI: "/usr/lib/cni", Etcd: "/usr/bin/etcd", DockerRegistry: "/usr/bin/docker-registry",
		Containerd: "/usr/bin/containerd", Dockerd: "/usr/sbin/dockerd",
		RegistryData: dir + "/cache/registry", DockerData: dir + "/cache/docker",
		DockerSocket: dir + "/docker.sock", ContainerdSocket: dir + "/containerd.sock",
		Kubeconfig: dir + "/kubeconfig", Cgroup: "lab-cgroup", PauseImage: Registry + "/pause:123", Arch: "amd64",
	}
}

// start is when the node's certificates are made.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTheNodesAreConfiguredAsInTheGoldenFiles(t *testing.T) {
	got := map[string]string{}
	for folder, shape := range map[string]Shape{"": {}, "three/": {Nodes: 3, Zones: 2}} {
		dir := t.TempDir()
		p := paths(dir)
		p.Shape = shape
		nodes, err := Write(p, start)
		if err != nil {
			t.Fatal(err)
		}
		files := slices.Concat(below(t, dir+"/etc"), []string{dir + "/kubeconfig"})
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimPrefix(strings.TrimPrefix(file, dir+"/"), "etc/")
			got[folder+name] = strings.ReplaceAll(string(content), dir, "/lab")
		}
		for _, n := range nodes {
			text, err := json.MarshalIndent(map[string]any{"network": n.Network, "daemons": n.Daemons}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			name := folder + "daemons.json"
			if n.Name != Name {
				name = folder + n.Name + "/daemons.json"
			}
			got[name] = strings.ReplaceAll(string(text), dir, "/lab") + "\n"
		}
	}
	// Once is enough for what is the same with one node, and of the third, which has
	// what the second has with other addresses and in another zone.
	one := maps.Clone(got)
	maps.DeleteFunc(got, func(name, content string) bool {
		same, of := strings.CutPrefix(name, "three/")
		return of && (content == one[same] || strings.HasPrefix(same, "lab-3/") && filepath.Base(name) != "daemons.json")
	})
	for name, content := range got {
		golden.Check(t, name, content)
	}
	var there []string
	for _, file := range below(t, "testdata") {
		there = append(there, strings.TrimPrefix(file, "testdata/"))
	}
	slices.Sort(there)
	if diff := cmp.Diff(there, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("files (-testdata +written):\n%s", diff)
	}
}

func below(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	if err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFilesThatAreReadAsYAMLOrJSONAreThat(t *testing.T) {
	for name, content := range paths("/a folder/with \"quotes\"").each()[0].files() {
		switch filepath.Ext(name) {
		case ".yaml", ".yml", ".json", ".conflist":
			var any map[string]any
			if err := yaml.UnmarshalStrict([]byte(content), &any); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestEveryDaemonLogsToAFileOfItsOwn(t *testing.T) {
	logs := map[string]bool{}
	for _, d := range paths("/lab").Nodes()[0].Daemons {
		if logs[d.Log] || filepath.Dir(d.Log) != "/lab/log" || !filepath.IsAbs(d.Args[0]) {
			t.Errorf("%s: log %q, command %q", d.Name, d.Log, d.Args[0])
		}
		logs[d.Log] = true
	}
}

// etcd 3.4 exits on arm64 unless the variable names it.
func TestEtcdIsToldThatItsArchitectureIsKnown(t *testing.T) {
	for arch, want := range map[string]string{"amd64": "", "arm64": "ETCD_UNSUPPORTED_ARCH=arm64"} {
		p := paths("/lab")
		p.Arch = arch
		if got := strings.Join(p.Nodes()[0].Daemons[0].Env, " "); got != want {
			t.Errorf("on %s: got %q, want %q", arch, got, want)
		}
	}
}

// What is kept in the cache is there after the lab: who writes it has to end
// in order.
func TestDaemonsWhoseDataOutlivesTheLabAreGivenTimeToEnd(t *testing.T) {
	for _, d := range paths("/lab").Nodes()[0].Daemons {
		kept := strings.Contains(strings.Join(d.Args, " "), "/lab/cache/") || d.Name == "docker-registry"
		if d.Outlived != kept {
			t.Errorf("%s: outlived is %v, want %v", d.Name, d.Outlived, kept)
		}
	}
}

func TestAnotherConfigurationIsAnotherDescription(t *testing.T) {
	describe := func(change func(*Paths)) string {
		p := paths("/lab")
		change(&p)
		text, err := p.Describe()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	same := describe(func(*Paths) {})
	if again := describe(func(*Paths) {}); again != same {
		t.Error("the same node has two descriptions")
	}
	for name, change := range map[string]func(*Paths){
		"a flag":     func(p *Paths) { p.Dockerd = "/usr/local/bin/dockerd" },
		"a file":     func(p *Paths) { p.CNI = "/opt/cni/bin" },
		"an image":   func(p *Paths) { p.PauseImage = Registry + "/pause:124" },
		"a node":     func(p *Paths) { p.Shape.Nodes = 2 },
		"a zone":     func(p *Paths) { p.Shape.Zones = 1 },
		"a variable": func(p *Paths) { p.Arch = "arm64" },
	} {
		if describe(change) == same {
			t.Errorf("%s does not show", name)
		}
	}
}

func TestWriteSaysWhatItCouldNotWrite(t *testing.T) {
	tests := []struct {
		name  string
		block string // folder that stands where a file should be
		want  string
	}{
		{"a folder", "", "making the node's folders: "},
		{"a key", "pki/admin.key", `writing the certificate of "admin": `},
		{"a configuration", "etc/kubelet.yaml", "writing the node's configuration: "},
		{"the kubeconfig", "kubeconfig", "writing the kubeconfig: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := paths(t.TempDir())
			if tt.block == "" {
				p.VarLib = os.DevNull + "/var-lib"
			} else if err := os.MkdirAll(filepath.Join(filepath.Dir(p.Kubeconfig), tt.block), 0o755); err != nil {
				t.Fatal(err)
			}
			if _, err := Write(p, start); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
