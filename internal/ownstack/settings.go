package ownstack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"istio-circuit-breaker/internal/config"

	"sigs.k8s.io/yaml"
)

// Inherited are the settings of a stack file that say where the cluster, the image
// and the mesh come from, by their full keys; none where there is no such file. What
// only Pulumi can read of Istio's values and of a pull secret is left out.
func Inherited(path, project string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the stack's configuration: %w", err)
	}
	ours, err := config.FromStackFile(text, project)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", path, err)
	}
	maps.DeleteFunc(ours, func(key, _ string) bool {
		name, _ := strings.CutPrefix(key, config.Project+":")
		group, _, _ := strings.Cut(name, ".")
		return group != "image" && group != "istio"
	})
	var file struct {
		Config map[string]json.RawMessage `json:"config"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("reading %q: %w", path, err)
	}
	for key, value := range file.Config {
		var word string
		if provider, _, _ := strings.Cut(key, ":"); (provider == "kubernetes" || provider == "docker") && json.Unmarshal(value, &word) == nil {
			ours[key] = word
		}
	}
	return ours, nil
}
