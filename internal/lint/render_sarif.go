package lint

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// Types of SARIF 2.1.0 (OASIS), as far as they are written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string     `json:"id"`
		Short   sarifText  `json:"shortDescription"`
		Help    sarifText  `json:"help"`
		Default sarifLevel `json:"defaultConfiguration"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"` // nil for an object of a cluster
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifSuppression struct {
		Kind   string `json:"kind"`
		Reason string `json:"justification"`
	}
)

// SARIF writes the report as a log of SARIF 2.1.0. What an annotation takes back
// is in it as suppressed.
func (r Report) SARIF(w io.Writer) error {
	run := sarifRun{Tool: sarifTool{Driver: sarifDriver{Name: "istio-circuit-breaker-lint"}}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	codes, seen := Codes(), map[string]int{}
	for _, c := range codes {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: c.Name, Short: sarifText{c.Title}, Help: sarifText{"See docs/lint/" + c.Name + ".md."}, Default: sarifLevel{sarifLevelOf(c.Severity)}})
	}
	head, err := indented(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}, "")
	if err != nil {
		return err
	}
	// One result after the other: as a whole they may be larger than what was read.
	before, after, _ := bytes.Cut(head, []byte(`"results": []`))
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\"results\": [", before)
	written := 0
	add := func(f Finding, suppressed []sarifSuppression) error {
		result, err := indented(sarifResult{RuleID: f.Code, RuleIndex: slices.IndexFunc(codes, func(c Code) bool { return c.Name == f.Code }), Level: sarifLevelOf(f.Severity),
			Message:      sarifText{fmt.Sprintf("%s: %s\nWhy: %s\nFix: %s", f.Object, strings.Join(f.lines(), "\n"), f.Source, f.Fix)},
			Locations:    []sarifLocation{{Physical: physical(f), Logical: []sarifLogical{{Name: f.Object + ":" + f.Field, Kind: "member"}}}},
			Fingerprints: map[string]string{"objectAndField/v1": fingerprint(f, seen)}, Suppressions: suppressed}, "        ")
		if err != nil {
			return err
		}
		if written++; written > 1 {
			fmt.Fprint(out, ",")
		}
		fmt.Fprintf(out, "\n        %s", result)
		return nil
	}
	for _, f := range r.Findings {
		if err := add(f, nil); err != nil {
			return err
		}
	}
	for _, i := range r.Ignored {
		if err := add(i.Finding, []sarifSuppression{{Kind: "inSource", Reason: i.Reason}}); err != nil {
			return err
		}
	}
	if written > 0 {
		fmt.Fprint(out, "\n      ")
	}
	fmt.Fprintf(out, "]%s\n", after)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func physical(f Finding) *sarifPhysical {
	if f.File == "" {
		return nil
	}
	return &sarifPhysical{Artifact: sarifArtifact{sarifURI(f.File)}, Region: sarifRegion{max(f.Line, 1), max(f.Column, 1)}}
}

// indented is a value as JSON, as it stands behind a prefix.
func indented(v any, prefix string) ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetIndent(prefix, "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	return bytes.TrimSpace(text.Bytes()), nil
}

func sarifLevelOf(s Severity) string {
	if s == Info {
		return "note"
	}
	return string(s)
}

// sarifURI is a file as a relative reference; stdin has a name, too.
func sarifURI(file string) string {
	u := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
	}
	return strings.TrimPrefix(u.String(), "./")
}

// fingerprint is the same for a finding whose lines moved. Of several alike, as of
// counters in one query, each has one of its own, by their order.
func fingerprint(f Finding, seen map[string]int) string {
	key := strings.Join([]string{f.Code, f.File, f.Object, f.Field}, "\x00")
	seen[key]++
	if n := seen[key]; n > 1 {
		key += fmt.Sprint("\x00", n)
	}
	sum := sha256.Sum256([]byte(key))
	return fmt.Sprintf("%x", sum[:16])
}
