package config

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func document(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// said is what a document says of a setting.
type said struct{ byDefault, effect string }

// checkSaid compares it with the table of settings.
func (k key) checkSaid(t *testing.T, of said, where string) {
	t.Helper()
	if k.byDefault != "" && of.byDefault != k.byDefault {
		t.Errorf("%s: the default of %s is %q, want %q", where, k.name, of.byDefault, k.byDefault)
	}
	for _, limit := range k.limits {
		if !strings.Contains(of.effect+" "+of.byDefault, limit) {
			t.Errorf("%s says nothing of the limit %q of %s, but %q", where, limit, k.name, of.effect)
		}
	}
}

func TestReadmeSaysWhatTheSettingsAre(t *testing.T) {
	rows := map[string]said{}
	row := regexp.MustCompile("(?m)^\\| (`[^|]+`) \\| ([^|]*?) ?\\| ([^|]*) \\|$")
	for _, m := range row.FindAllStringSubmatch(document(t, "README.md"), -1) {
		names := strings.Split(m[1], ", ")
		defaults := strings.Split(m[2], ", ")
		for i, name := range names {
			of := said{strings.Trim(m[2], "`"), m[3]}
			if len(defaults) == len(names) {
				of.byDefault = strings.Trim(defaults[i], "`")
			}
			rows[strings.Trim(name, "`")] = of
		}
	}
	for _, k := range keys() {
		of, ok := rows[k.name]
		if !ok {
			t.Errorf("README.md has no row of %s", k.name)
			continue
		}
		k.checkSaid(t, of, "README.md")
		if k.byDefault == "" && of.byDefault != k.otherwise {
			t.Errorf("README.md: without %s there is %q, want %q", k.name, of.byDefault, k.otherwise)
		}
	}
}

func TestStackFileSaysWhatTheSettingsAre(t *testing.T) {
	text := document(t, "Pulumi.dev.yaml")
	if !strings.HasPrefix(text, "# yaml-language-server: $schema=docs/stack.schema.json\n") {
		t.Error("Pulumi.dev.yaml does not tell editors where its schema is")
	}
	for _, k := range keys() {
		line := regexp.MustCompile(`(?m)^ +(?:# )?` + regexp.QuoteMeta(Project+":"+k.name) + `:(?: (.*))?$`)
		found := false
		for _, paragraph := range strings.Split(text, "\n\n") {
			m := line.FindStringSubmatch(paragraph)
			if m == nil {
				continue
			}
			found = true
			words := strings.Join(strings.Fields(strings.ReplaceAll(paragraph, "#", "")), " ")
			k.checkSaid(t, said{m[1], words}, "Pulumi.dev.yaml")
			if k.otherwise != "" && !strings.Contains(words, "Default: ") {
				t.Errorf("Pulumi.dev.yaml does not say what there is without %s", k.name)
			}
		}
		if !found {
			t.Errorf("Pulumi.dev.yaml does not describe %s", k.name)
		}
	}
}

func TestTemplateProposesTheDefaults(t *testing.T) {
	var project struct {
		Template struct {
			Config map[string]struct{ Description, Default string }
		}
	}
	if err := yaml.Unmarshal([]byte(document(t, "Pulumi.yaml")), &project); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys() {
		if asked, ok := project.Template.Config[k.name]; ok {
			k.checkSaid(t, said{asked.Default, asked.Description}, "Pulumi.yaml")
		}
	}
}

func TestCommittedSchemaIsThatOfTheSettings(t *testing.T) {
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if document(t, "docs/stack.schema.json") != string(want) {
		t.Error("docs/stack.schema.json is out of date: make golden")
	}
}

func TestEverySettingSaysWhatItIs(t *testing.T) {
	for _, k := range keys() {
		if k.about == "" || k.allowed == "" || k.byDefault != "" && k.otherwise != "" {
			t.Errorf("%s: about %q, allowed %q, default %q or %q", k.name, k.about, k.allowed, k.byDefault, k.otherwise)
		}
		if k.byDefault == "" {
			continue
		}
		if err := k.set(&draft{}, k.byDefault); err != nil {
			t.Errorf("%s: its own default %q %v", k.name, k.byDefault, err)
		}
	}
}
