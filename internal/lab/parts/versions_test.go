package parts

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/modfile"
)

// What two modules have in common is compiled once only where both have the same
// version of it; one that is raised alone costs minutes of every cold start.
func TestModulesHaveTheClustersVersions(t *testing.T) {
	cluster := versions(t, "cluster")
	// What cannot be the cluster's, by what a module is alone to know.
	apart := map[string][]string{
		"../..":  {"istio.io/api"}, // a release, where istiod's own is a day's
		"docker": nil,
		// Its generator of schemas compiles with pulumi/pkg before v3.248.0 only.
		"provider":     {"github.com/pulumi/pulumi/pkg/v3", "github.com/pulumi/pulumi/sdk/v3"},
		"languagehost": {"github.com/pulumi/pulumi/sdk/v3", "github.com/Microsoft/go-winio"}, // the newest host that is served as a module
	}
	for module, excepted := range apart {
		differ := map[string][2]string{}
		for path, version := range versions(t, module) {
			if theirs, shared := cluster[path]; shared && theirs != version {
				differ[path] = [2]string{version, theirs}
			}
		}
		want := map[string]bool{}
		for _, path := range excepted {
			want[path] = true
		}
		got := map[string]bool{}
		for path := range maps.Keys(differ) {
			got[path] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: modules of other versions than the cluster's (-excepted +differ):\n%s%v", module, diff, differ)
		}
	}
}

// versions are those that a module of ours below lab/parts is compiled with.
func versions(t *testing.T, module string) map[string]string {
	t.Helper()
	path := filepath.Join("../../../lab/parts", module, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse(path, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, r := range file.Require {
		all[r.Mod.Path] = r.Mod.Version
	}
	for _, r := range file.Replace {
		if r.New.Path == r.Old.Path {
			all[r.Old.Path] = r.New.Version
		}
	}
	return all
}
