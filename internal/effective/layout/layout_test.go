package layout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALayoutThatIsWrongIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"rules: []\ncalls: [{from: nobody, host: a.b, port: 80}]\n": `finding the caller "nobody"`,
		"rule: []\n":                        `unknown field "rule"`,
		"mesh: {defaultTrafficPolicy: 1}\n": "decoding MeshConfig",
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "01.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(folder, Places{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "01.yaml") {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestAHostsNamespace(t *testing.T) {
	for want, c := range map[string]Call{"b": {Host: "a.b.svc.cluster.local"}, "other": {Host: "api.example.com", Namespace: "other"}} {
		if got := c.Of(); got != want {
			t.Errorf("%+v: got %q, want %q", c, got, want)
		}
	}
}
