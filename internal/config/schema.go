package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schema is the part of JSON Schema (draft 7, which editors know) that is needed.
type schema struct {
	Schema      string `json:"$schema,omitempty"`
	Ref         string `json:"$ref,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Default     any    `json:"default,omitempty"`
	Examples    []any  `json:"examples,omitempty"`

	Type    string    `json:"type,omitempty"`
	Enum    []any     `json:"enum,omitempty"`
	Minimum *int32    `json:"minimum,omitempty"`
	Maximum *int32    `json:"maximum,omitempty"`
	Pattern string    `json:"pattern,omitempty"`
	AnyOf   []*schema `json:"anyOf,omitempty"`
	Not     *schema   `json:"not,omitempty"`

	Properties           map[string]*schema `json:"properties,omitempty"`
	PropertyNames        *schema            `json:"propertyNames,omitempty"`
	AdditionalProperties *bool              `json:"additionalProperties,omitempty"`
	Required             []string           `json:"required,omitempty"`

	Definitions map[string]*schema `json:"definitions,omitempty"`
}

// Schema is the JSON Schema of a stack file, Pulumi.<stack>.yaml: its settings
// as dotted keys and in objects. It is made for editors, and so it knows of each
// value, but nothing of what two of them say together; all that the program
// takes is valid by it, but for an unquoted number or truth where a text belongs.
func Schema() ([]byte, error) {
	definitions := map[string]*schema{encryptedForm: {
		Description: "A value that Pulumi has encrypted.",
		Type:        "object", Required: []string{"secure"}, AdditionalProperties: new(false),
		Properties: map[string]*schema{"secure": {Type: "string"}},
	}}
	settings := map[string]*schema{}
	for _, k := range keys() {
		definitions[k.name] = k.schema()
		settings[Project+":"+k.name] = definition(k.name)
		for _, group := range groupsOf(k.name) {
			definitions[group] = groupSchema(group)
			settings[Project+":"+group] = definition(group)
		}
	}
	ours := &schema{}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		ours.Enum = append(ours.Enum, name)
	}
	maps.Copy(settings, map[string]*schema{
		"kubernetes:context":    {Description: `Context of the cluster, of "kubectl config get-contexts". Default: the current one.`},
		"kubernetes:kubeconfig": {Description: "Path of the kubeconfig, or its content. Default: KUBECONFIG, then ~/.kube/config."},
		"docker:host":           {Description: "Where Docker is, as unix:///PATH/TO/docker.sock. Default: as the docker command finds it."},
	})
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(&schema{
		Schema: "http://json-schema.org/draft-07/schema#", Title: "Stack file of " + Project, Type: "object",
		Properties: map[string]*schema{"config": {
			Type: "object", Properties: settings,
			PropertyNames: &schema{AnyOf: []*schema{ours, {Not: &schema{Pattern: "^" + Project + ":"}}}},
		}},
		Definitions: definitions,
	})
	if err != nil {
		return nil, fmt.Errorf("marshalling the stack file's schema: %w", err)
	}
	return text.Bytes(), nil
}

const encryptedForm = "encrypted"

func definition(name string) *schema { return &schema{Ref: "#/definitions/" + name} }

// schema is that of the setting, wherever it stands.
func (k key) schema() *schema {
	s := &schema{Description: k.about + " Allowed: " + k.allowed + ".", AnyOf: slices.Clone(k.forms)}
	s.AnyOf = append(s.AnyOf, definition(encryptedForm))
	switch {
	case k.byDefault != "":
		s.Default = plain(k.byDefault)
	case k.otherwise != "":
		s.Description += " Default: " + k.otherwise + "."
	}
	if s.Default == nil && k.example != "" && k.name != Values { // whose example is a shell's
		s.Examples = []any{plain(k.example)}
	}
	return s
}

// plain is a text as one would write it in YAML: numbers and truths by themselves.
func plain(text string) any {
	var number int
	switch {
	case text == "true" || text == "false":
		return text == "true"
	case json.Unmarshal([]byte(text), &number) == nil:
		return number
	}
	return text
}

// groupsOf are the objects that a setting may stand in: of a.b.c, a.b and a.
func groupsOf(name string) []string {
	var groups []string
	for at := strings.LastIndex(name, "."); at > 0; at = strings.LastIndex(name[:at], ".") {
		groups = append(groups, name[:at])
	}
	return groups
}

// groupSchema is that of an object of settings. Its members may be dotted in turn.
func groupSchema(group string) *schema {
	members := map[string]*schema{}
	for _, k := range keys() {
		for _, name := range append(groupsOf(k.name), k.name) {
			if inner, ok := strings.CutPrefix(name, group+"."); ok {
				members[inner] = definition(name)
			}
		}
	}
	return &schema{AnyOf: []*schema{
		{Type: "object", Properties: members, AdditionalProperties: new(false)},
		objectText(), definition(encryptedForm),
	}}
}

// objectText is the text of an object, as "pulumi config set" without --path writes it.
func objectText() *schema { return &schema{Type: "string", Pattern: `^\s*\{`} }
