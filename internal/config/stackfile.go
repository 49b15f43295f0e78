package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// FromStackFile reads the raw values from the text of a Pulumi.<stack>.yaml, as
// the engine would hand them to the program, whose project is called project. An encrypted value of ours is an
// error: only Pulumi can read it. Helm values, which no rule depends on and
// which may hold a password, are left out instead.
func FromStackFile(text []byte, project string) (map[string]string, error) {
	var file struct {
		Config map[string]json.RawMessage `json:"config"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("reading a stack file: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(file.Config)) {
		if ours := renamedKey(key, project); ours != key {
			file.Config[ours] = file.Config[key]
		}
	}
	dropPullSecret(file.Config)
	raw := make(map[string]string, len(file.Config))
	for _, key := range slices.Sorted(maps.Keys(file.Config)) {
		switch value := file.Config[key]; {
		case !strings.HasPrefix(key, Project+":"):
		case !encrypted(value):
			raw[key] = leaf(value)
		case key != Project+":"+Values:
			return nil, fmt.Errorf("reading a stack file: %s is encrypted", key)
		}
	}
	return raw, nil
}
