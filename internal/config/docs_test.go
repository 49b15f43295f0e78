package config

import (
	"os"
	"strings"
	"testing"
)

func TestEverySettingIsDescribed(t *testing.T) {
	for file, form := range map[string]string{"../../README.md": "`NAME`", "../../Pulumi.dev.yaml": Project + ":NAME:"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range Names() {
			if want := strings.Replace(form, "NAME", name, 1); !strings.Contains(string(text), want) {
				t.Errorf("%s does not describe %s", file, want)
			}
		}
	}
}
