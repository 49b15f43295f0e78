package config_test

import (
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"

	"github.com/google/go-cmp/cmp"
)

func TestSecretSettingsAreTold(t *testing.T) {
	const values = `{"global":{"password":"hunter2"}}`
	for name, c := range map[string]struct {
		raw    map[string]string
		secret []string
		want   []string
	}{
		"none":                        {map[string]string{"istio.values": values}, nil, nil},
		"Helm values":                 {map[string]string{"istio.values": values}, []string{"istio.values"}, []string{"istio.values"}},
		"another one too":             {map[string]string{"istio.values": values, "namespace": "a"}, []string{"namespace", "istio.values"}, []string{"namespace", "istio.values"}},
		"values in a secret object":   {map[string]string{"istio": `{"hub":"a/b","values":` + values + `}`}, []string{"istio"}, []string{"istio.values"}},
		"an object, nothing of which": {map[string]string{"istio": `{"hub":"a/b"}`}, []string{"istio"}, nil},
		"another project's":           {map[string]string{"istio.values": values}, []string{"kubernetes:kubeconfig"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			raw, secret := map[string]string{config.Project + ":image.repository": "you/servicex"}, []string{}
			for k, v := range c.raw {
				raw[config.Project+":"+k] = v
			}
			for _, k := range c.secret {
				secret = append(secret, config.Project+":"+k)
			}
			got, err := config.Parse(raw, secret...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Secrets); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsDoNotShowSecrets(t *testing.T) {
	for name, raw := range map[string]map[string]string{
		"no object":          {"istio.values": "hunter2"},
		"a number":           {"outlier.interval": "707"},
		"no such setting":    {"password": "hunter2"},
		"no such inner one":  {"istio": `{"password":"hunter2"}`},
		"no object of ours":  {"istio": "hunter2"},
		"set twice":          {"istio.values": `{"a":"hunter2"}`, "istio": `{"values":{"a":"hunter3"}}`},
		"an image's name":    {"image.reference": "hunter2"},
		"a version with a v": {"istio.version": "v7.0.7"},
	} {
		t.Run(name, func(t *testing.T) {
			full := map[string]string{config.Project + ":image.repository": "you/servicex"}
			var secret []string
			for k, v := range raw {
				full[config.Project+":"+k] = v
				secret = append(secret, config.Project+":"+k)
			}
			_, err := config.Parse(full, secret...)
			if err == nil || !strings.Contains(err.Error(), `= "[secret]": `) {
				t.Fatalf("parsing: %v", err)
			}
			for _, word := range []string{"hunter", "707", "7.0.7"} {
				if strings.Contains(err.Error(), word) {
					t.Errorf("shows a secret: %v", err)
				}
			}
		})
	}
}

func TestEncryptedHelmValuesDoNotMatterToTheRule(t *testing.T) {
	got, err := config.FromStackFile([]byte(`config:
  istio-circuit-breaker:istio.values:
    secure: AAAB
  istio-circuit-breaker:namespace: demo`), config.Project)
	if diff := cmp.Diff(map[string]string{"istio-circuit-breaker:namespace": "demo"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestStackFileThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"\tconfig": "reading a stack file: ",
		"config:\n  istio-circuit-breaker:namespace:\n    secure: AAAB": "reading a stack file: istio-circuit-breaker:namespace is encrypted",
	} {
		if _, err := config.FromStackFile([]byte(text), config.Project); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("reading %q: %v, want %q", text, err, want)
		}
	}
}
