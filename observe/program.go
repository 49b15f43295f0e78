package main

import (
	"path/filepath"
	"strings"

	"istio-circuit-breaker/internal/commandline"

	"github.com/spf13/cobra"
)

// invoked reads off the name that the program was run by what it is: a plugin of
// kubectl, or what kubectl asks to complete that plugin's arguments.
func invoked(argv []string) (commandline.Program, []string) {
	name, args := strings.TrimSuffix(filepath.Base(argv[0]), ".exe"), argv[1:]
	if plugin, ok := strings.CutPrefix(name, "kubectl_complete-"); ok {
		name, args = "kubectl-"+plugin, append([]string{cobra.ShellCompRequestCmd}, args...)
	}
	shown := name
	if plugin, ok := strings.CutPrefix(name, "kubectl-"); ok {
		// kubectl cannot tell a dash in a file's name from a space.
		shown = "kubectl " + strings.ReplaceAll(strings.ReplaceAll(plugin, "-", " "), "_", "-")
	}
	return called(name, shown), args
}

// called is the program by a name.
func called(file, shown string) commandline.Program {
	return commandline.Program{
		File: file, Shown: shown,
		About: shown + " explains a circuit breaker's rule, shows the breaker live and proves it.",
		Codes: "exit codes: 0 done or agrees, 1 could not be done, 2 wrong usage, 3 refuted, 4 not proven",
	}
}
