package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// program is what this one is called.
type program struct {
	file  string // as shells find it
	shown string // as its user types it
}

// invoked reads off the name that the program was run by what it is: a plugin of
// kubectl, or what kubectl asks to complete that plugin's arguments.
func invoked(argv []string) (program, []string) {
	name, args := strings.TrimSuffix(filepath.Base(argv[0]), ".exe"), argv[1:]
	if plugin, ok := strings.CutPrefix(name, "kubectl_complete-"); ok {
		name, args = "kubectl-"+plugin, append([]string{cobra.ShellCompRequestCmd}, args...)
	}
	p := program{file: name, shown: name}
	if plugin, ok := strings.CutPrefix(name, "kubectl-"); ok {
		// kubectl cannot tell a dash in a file's name from a space.
		p.shown = "kubectl " + strings.ReplaceAll(strings.ReplaceAll(plugin, "-", " "), "_", "-")
	}
	return p, args
}
