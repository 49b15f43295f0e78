package config

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	Key     string // full key, with the project's prefix
	Value   string // as it was written; empty where nothing was
	Reason  string // what is wrong with it
	Allowed string // the allowed range or form; may be empty
	Fix     string // a command that mends it; may be empty
}

// Error says it all on one line.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Key)
	if p.Value != "" {
		fmt.Fprintf(&b, " = %q", p.Value)
	}
	b.WriteString(": " + p.Reason)
	if p.Allowed != "" {
		b.WriteString("; allowed: " + p.Allowed)
	}
	if p.Fix != "" {
		fmt.Fprintf(&b, "; fix: %s", p.Fix)
	}
	return b.String()
}

// command is a Pulumi command about a setting, in the form in which the setting
// was written: nested in an object, or (also if it was not) as a dotted key.
func command(verb string, nested bool, args ...string) string {
	if nested {
		verb += " --path"
	}
	return "pulumi config " + verb + " " + strings.Join(args, " ")
}
