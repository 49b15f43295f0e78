package main

import (
	_ "embed" // the file below
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// readmeText is the stack's page, in the notation of Pulumi Cloud, which shows an
// output called readme.
//
//go:embed Pulumi.README.md
var readmeText string

var outputReference = regexp.MustCompile(`\$\{outputs\.([^}]*)\}`)

// fillReadme puts the outputs, by path, in place of their references. Pulumi
// Cloud would do so too, but "pulumi stack output readme" of no other backend.
func fillReadme(text string, outputs map[string]string) (string, error) {
	var unknown []string
	filled := outputReference.ReplaceAllStringFunc(text, func(ref string) string {
		path := outputReference.FindStringSubmatch(ref)[1]
		value, ok := outputs[path]
		if !ok {
			unknown = append(unknown, path)
		}
		return value
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("filling the stack's readme: no output %s, only %s",
			strings.Join(unknown, ", "), strings.Join(slices.Sorted(maps.Keys(outputs)), ", "))
	}
	return filled, nil
}
