package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"

	"github.com/blang/semver"
	"sigs.k8s.io/yaml"
)

// projectFile is what matters here of Pulumi.yaml.
type projectFile struct {
	Name, Main string
	Runtime    struct {
		Name    string
		Options struct {
			BuildTarget string `json:"buildTarget"`
		}
	}
	RequiredPulumiVersion string `json:"requiredPulumiVersion"`
	Template              struct {
		Config map[string]struct {
			Description string `json:"description"`
			Default     string `json:"default"`
			Secret      bool   `json:"secret"`
		} `json:"config"`
	} `json:"template"`
}

func readProjectFile(t *testing.T) projectFile {
	t.Helper()
	text, err := os.ReadFile("../Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file projectFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestProjectFileNamesThisProgram(t *testing.T) {
	file := readProjectFile(t)
	if file.Name != config.Project || file.Runtime.Name != "go" || file.Main != "infra" {
		t.Errorf("Pulumi.yaml is of project %q, with %q and %q", file.Name, file.Runtime.Name, file.Main)
	}
}

// Pulumi's command and its SDK are released together, under one version.
func TestRequiredVersionAllowsThatOfTheSDK(t *testing.T) {
	required, err := semver.ParseRange(readProjectFile(t).RequiredPulumiVersion)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sdk := regexp.MustCompile(`github.com/pulumi/pulumi/sdk/v3 v(\S+)`).FindSubmatch(modules)
	if sdk == nil {
		t.Fatal("go.mod names no SDK")
	}
	for version, want := range map[string]bool{string(sdk[1]): true, "3.207.0": false} { // which has no Stash
		if got := required(semver.MustParse(version)); got != want {
			t.Errorf("version %s is allowed: %v, want %v", version, got, want)
		}
	}
}

// A project that "pulumi new" makes, with every answer as it is proposed, is
// valid; and it asks for a password as for a secret.
func TestTemplateAsksForSettingsThatThereAre(t *testing.T) {
	raw := map[string]string{}
	for key, asked := range readProjectFile(t).Template.Config {
		if asked.Description == "" {
			t.Errorf("%s is asked for without a word of what it is", key)
		}
		if asked.Default != "" {
			raw[config.Project+":"+key] = asked.Default
		}
		if !strings.Contains(key, ":") && !slices.Contains(config.Names(), key) {
			t.Errorf("%s is no setting", key)
		}
		if secret := strings.HasSuffix(key, "password"); asked.Secret != secret {
			t.Errorf("%s is asked for as a secret: %v, want %v", key, asked.Secret, secret)
		}
	}
	proposed, err := config.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	byDefault, err := config.Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if proposed.Rule().Words(1, 1) != byDefault.Rule().Words(1, 1) || proposed.Namespace != byDefault.Namespace || proposed.Istio.Install != byDefault.Istio.Install {
		t.Errorf("proposed is %+v, want the defaults %+v", proposed, byDefault)
	}
}
