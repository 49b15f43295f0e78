package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"
)

func clustersPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/clusters.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each thing that the page quotes of the program's own words is still one of
// them, so that a reader finds the row of what is on the screen.
func TestSymptomsOnThePageOfClustersAreSaid(t *testing.T) {
	// Whose words these are: Kubernetes', client-go's, the SDK's, and values.
	foreign := []string{"ImagePullBackOff", "getting credentials", "failed calling webhook", "the Pulumi CLI does not support resource hooks", "istio-system"}
	var sources strings.Builder
	for _, pattern := range []string{"*.go", "../internal/config/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(text)
		}
	}
	_, table, _ := strings.Cut(clustersPage(t), "| it says | why, and what to do |\n|---|---|\n")
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") {
			break
		}
		rows++
		for _, quoted := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[0], -1) {
			if !slices.Contains(foreign, quoted[1]) && !strings.Contains(sources.String(), quoted[1]) {
				t.Errorf("nothing says %q any more", quoted[1])
			}
		}
	}
	if rows < 20 {
		t.Errorf("the table has %d rows", rows)
	}
}

func TestSettingsOnThePageOfClustersAreThere(t *testing.T) {
	set := regexp.MustCompile(`pulumi config (?:set|rm)(?: --secret)? ([A-Za-z.:]+)`)
	found := set.FindAllStringSubmatch(clustersPage(t), -1)
	for _, m := range found {
		if !strings.Contains(m[1], ":") && !slices.Contains(config.Names(), m[1]) {
			t.Errorf("there is no setting %s", m[1])
		}
	}
	if len(found) < 15 {
		t.Errorf("only %d commands that set something", len(found))
	}
}
