package main

import (
	"regexp"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/golden"
)

func TestReadmeIsFilledWithTheStacksOwnValues(t *testing.T) {
	for name, s := range map[string]settings{
		"default": nil,
		"own-cluster": {"namespace": "demo", "kubernetes:context": "kind-breaker", "replicas.faulty": "2", "client.enabled": "false",
			"istio.install": "false", "istio.revision": "1-31-4"},
	} {
		t.Run(name, func(t *testing.T) {
			readme, _ := up(t, s).outputs["readme"].(string)
			golden.Check(t, "readme-"+name+".golden", readme)
		})
	}
}

// Pulumi Cloud would fill them in by itself.
func TestEveryReferenceOfTheReadmeIsAnOutput(t *testing.T) {
	outputs := up(t, nil).outputs
	for _, ref := range regexp.MustCompile(`\$\{([^}]*)\}`).FindAllStringSubmatch(readmeText, -1) {
		name, ok := strings.CutPrefix(ref[1], "outputs.")
		name, key, _ := strings.Cut(name, ".")
		members, _ := outputs[name].(map[string]string)
		if ok = ok && outputs[name] != nil; !ok || key != "" && members[key] == "" {
			t.Errorf("%s is no output", ref[0])
		}
	}
}

func TestReadmeWithAReferenceToNothing(t *testing.T) {
	_, err := fillReadme("${outputs.weather} in ${outputs.namespace}", map[string]string{"namespace": "demo"})
	if err == nil || !strings.Contains(err.Error(), "no output weather, only namespace") {
		t.Errorf("filling: %v", err)
	}
}
