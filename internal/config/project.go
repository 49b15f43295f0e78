package config

import (
	"fmt"
	"maps"
	"strings"

	"sigs.k8s.io/yaml"
)

// Renamed is raw with the settings of a project of that name as ours: "pulumi
// new" lets people call the project as they like, and Pulumi puts its name
// before each key. Keys with the name of ours stay, as the committed stack file
// has them, but those of the project win.
func Renamed(raw map[string]string, project string) map[string]string {
	renamed := maps.Clone(raw)
	for key, value := range raw {
		if ours := renamedKey(key, project); ours != key {
			delete(renamed, key)
			renamed[ours] = value
		}
	}
	return renamed
}

// RenamedKeys are full keys, renamed as those of Renamed.
func RenamedKeys(keys []string, project string) []string {
	var renamed []string
	for _, key := range keys {
		renamed = append(renamed, renamedKey(key, project))
	}
	return renamed
}

func renamedKey(key, project string) string {
	if name, ok := strings.CutPrefix(key, project+":"); ok {
		return Project + ":" + name
	}
	return key
}

// ProjectName is the project's name in the text of a Pulumi.yaml.
func ProjectName(text []byte) (string, error) {
	var file struct {
		Name string `json:"name"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return "", fmt.Errorf("reading a project file: %w", err)
	}
	return file.Name, nil
}
