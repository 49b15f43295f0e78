package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"
)

func TestBadConfigurationStopsBeforeAnythingIsMade(t *testing.T) {
	bad := settings{
		"outlier.consecutiveErrors": "0", "outlier.interval": "10", "outlier.maxEjectionPercent": "49",
		"image.repository": "Not An Image", "weather": "sunny",
	}
	for _, preview := range []bool{true, false} {
		r := run{settings: bad, preview: preview}
		err := r.start(t)
		if err == nil {
			t.Fatal("accepted")
		}
		for _, want := range []string{
			`reading the configuration of stack "dev", before anything was made:`,
			`istio-circuit-breaker:outlier.consecutiveErrors = "0": is out of range; allowed: a whole number from 1 to 10000`,
			`istio-circuit-breaker:outlier.interval = "10": has no unit`,
			`istio-circuit-breaker:outlier.maxEjectionPercent = "49": can never eject`,
			`istio-circuit-breaker:image.repository = "Not An Image": has a space in it`,
			`istio-circuit-breaker:weather = "sunny": there is no such setting`,
			"fix: pulumi config set outlier.consecutiveErrors 10",
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("preview %v: no %q in:\n%v", preview, want, err)
			}
		}
		if keys := r.engine.Keys(); len(keys) > 0 {
			t.Errorf("preview %v: registered %v", preview, keys)
		}
	}
}

func TestConfigurationAsTheEngineHandsItOver(t *testing.T) {
	for env, want := range map[string]map[string]string{
		"":                           {},
		`{"a:b":"c"}`:                {"a:b": "c"},
		`{"a:b":"{\"c\":[1,true]}"}`: {"a:b": `{"c":[1,true]}`},
	} {
		got, err := rawConfig(env)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("rawConfig(%q) = %v, %v; want %v", env, got, err, want)
		}
	}
	if _, err := rawConfig("{"); err == nil || !strings.HasPrefix(err.Error(), "decoding PULUMI_CONFIG: ") {
		t.Errorf("decoding half an object: %v", err)
	}
}

func TestSecretKeysAsTheEngineHandsThemOver(t *testing.T) {
	for env, want := range map[string][]string{"": nil, `["a:b","c:d"]`: {"a:b", "c:d"}} {
		got, err := secretKeys(env)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("secretKeys(%q) = %v, %v; want %v", env, got, err, want)
		}
	}
	if _, err := secretKeys("{"); err == nil || !strings.HasPrefix(err.Error(), "decoding PULUMI_CONFIG_SECRET_KEYS: ") {
		t.Errorf("decoding half an object: %v", err)
	}
}

// The committed stack sets all but the image, which is for the user or the
// cluster to name.
func TestCommittedStackIsValidAsItIs(t *testing.T) {
	text, err := os.ReadFile("../Pulumi.dev.yaml")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := config.FromStackFile(text, config.Project)
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Parse(raw)
	if err != nil || got.Image.Named() {
		t.Errorf("parsing: %v, with the image %+v", err, got.Image)
	}
	for _, name := range config.Names() {
		if !strings.Contains(string(text), config.Project+":"+name+":") {
			t.Errorf("no line for %s", name)
		}
	}
	if warnings := got.Warnings(); len(warnings) > 0 {
		t.Errorf("the committed stack warns: %v", warnings)
	}
}
