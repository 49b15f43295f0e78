package node

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
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
		Kubeconfig: dir + "/kubeconfig", Cgroup: "lab-cgroup", PauseImage: Registry + "/pause:123",
	}
}

// start is when the node's certificates are made.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTheNodeIsConfiguredAsInTheGoldenFiles(t *testing.T) {
	dir := t.TempDir()
	daemons, err := Write(paths(dir), start)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, file := range slices.Concat(below(t, dir+"/etc"), []string{dir + "/kubeconfig"}) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.Base(file)] = string(content)
	}
	text, err := json.MarshalIndent(map[string]any{"network": Network(), "daemons": daemons}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got["daemons.json"] = string(text) + "\n"
	for name, content := range got {
		got[name] = strings.ReplaceAll(content, dir, "/lab")
	}
	for name, content := range got {
		golden.Check(t, name, content)
	}
	var there []string
	for _, file := range below(t, "testdata") {
		there = append(there, filepath.Base(file))
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
	for name, content := range paths("/a folder/with \"quotes\"").files() {
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
	for _, d := range paths("/lab").daemons() {
		if logs[d.Log] || filepath.Dir(d.Log) != "/lab/log" || !filepath.IsAbs(d.Args[0]) {
			t.Errorf("%s: log %q, command %q", d.Name, d.Log, d.Args[0])
		}
		logs[d.Log] = true
	}
}

// authority reads the certificate authority that Write made in dir.
func authority(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	content, err := os.ReadFile(dir + "/pki/ca.crt")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		t.Fatal("ca.crt holds no certificate")
	}
	return pool
}

func TestCertificatesAreGoodForWhatTheyAreMadeFor(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(paths(dir), start); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if _, err := Write(paths(other), start); err != nil {
		t.Fatal(err)
	}
	server, client := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	tests := []struct {
		name  string
		file  string
		host  string
		usage x509.ExtKeyUsage
		at    time.Time
		roots string // folder
		good  bool
	}{
		{"API server by its address on the node", "apiserver", Address, server, start, dir, true},
		{"API server as pods see it", "apiserver", firstService, server, start, dir, true},
		{"API server by its name in the cluster", "apiserver", "kubernetes.default.svc", server, start, dir, true},
		{"API server on this machine", "apiserver", "127.0.0.1", server, start, dir, true},
		{"API server by another name", "apiserver", "example.org", server, start, dir, false},
		{"API server as a client", "apiserver", "", client, start, dir, false},
		{"administrator", "admin", "", client, start, dir, true},
		{"administrator as a server", "admin", "", server, start, dir, false},
		{"administrator with a clock that is half an hour late", "admin", "", client, start.Add(-30 * time.Minute), dir, true},
		{"administrator after half a year", "admin", "", client, start.Add(4400 * time.Hour), dir, true},
		{"administrator after more than a year", "admin", "", client, start.Add(validity + time.Hour), dir, false},
		{"administrator of another lab", "admin", "", client, start, other, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Also proves that the key belongs to the certificate.
			pair, err := tls.LoadX509KeyPair(dir+"/pki/"+tt.file+".crt", dir+"/pki/"+tt.file+".key")
			if err != nil {
				t.Fatal(err)
			}
			_, err = pair.Leaf.Verify(x509.VerifyOptions{
				DNSName: tt.host, Roots: authority(t, tt.roots), CurrentTime: tt.at, KeyUsages: []x509.ExtKeyUsage{tt.usage},
			})
			if good := err == nil; good != tt.good {
				t.Errorf("verified: %v, want it to be good: %v", err, tt.good)
			}
		})
	}
}

func TestTheAdministratorMayDoEverythingAndKeysAreSecret(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(paths(dir), start); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(dir+"/pki/admin.crt", dir+"/pki/admin.key")
	if err != nil {
		t.Fatal(err)
	}
	if got := pair.Leaf.Subject.Organization; !slices.Equal(got, []string{"system:masters"}) {
		t.Errorf("groups: got %q", got)
	}
	secret := append(below(t, dir+"/pki"), dir+"/kubeconfig")
	if len(secret) != 9 {
		t.Errorf("got %q, want four pairs and the kubeconfig", secret)
	}
	for _, file := range secret {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v and %v, want only its owner to read it", file, info.Mode(), err)
		}
	}
}

// The API server verifies service account tokens by this certificate's key.
func TestServiceAccountTokensAreSignedByAnECDSAKey(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(paths(dir), start); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(dir + "/pki/service-account.key")
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(content)
	if block == nil || block.Type != "EC PRIVATE KEY" || len(rest) > 0 {
		t.Fatalf("got %v and %q", block, rest)
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(dir+"/pki/service-account.crt", dir+"/pki/service-account.key")
	if err != nil {
		t.Fatal(err)
	}
	if public, ok := pair.Leaf.PublicKey.(*ecdsa.PublicKey); !ok || !key.PublicKey.Equal(public) {
		t.Error("key and certificate differ")
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
