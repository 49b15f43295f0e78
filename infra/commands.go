package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/config"
)

// commands are what the user may do next, to be pasted in the project's folder:
// they name the stack's cluster and namespace where these are not what observe
// and kubectl take by themselves.
func (p program) commands(cfg config.Config, stack string) map[string]string {
	cluster := p.clusterFlags()
	observe := cluster
	if name := cfg.Namespace.Name; name != config.DefaultNamespace {
		observe += " --namespace " + name
	}
	of := " --stack " + shellWord(stack)
	return map[string]string{
		"watch":  "go run ./observe watch" + observe,
		"verify": "go run ./observe verify" + observe,
		"pods":   "kubectl" + cluster + " --namespace " + cfg.Namespace.Name + " get pods",
		"tune":   "pulumi config set outlier.consecutiveErrors 3" + of + " && pulumi up" + of,
		"remove": "pulumi destroy" + of,
	}
}

// clusterFlags choose the cluster as the stack does, by kubernetes:context and a
// kubernetes:kubeconfig that is a file; without them, everybody takes the same.
func (p program) clusterFlags() string {
	var flags string
	if file := p.open("kubernetes:kubeconfig"); file != "" && !strings.ContainsAny(file, "\n{") {
		if !filepath.IsAbs(file) && expandHome(file) == file {
			file = filepath.Join("infra", file) // where Pulumi runs this program
		}
		flags += " --kubeconfig " + shellWord(file)
	}
	if context := p.open("kubernetes:context"); context != "" {
		flags += " --context " + shellWord(context)
	}
	return flags
}

// open is a raw value that is no secret.
func (p program) open(key string) string {
	if slices.Contains(p.secret, key) {
		return ""
	}
	return p.raw[key]
}

var plainWord = regexp.MustCompile(`^(~/)?[A-Za-z0-9_@%+=:,./-]+$`)

// shellWord is a word as a POSIX shell reads it back.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	home := ""
	if rest, ok := strings.CutPrefix(word, "~/"); ok { // which no shell expands in quotes
		home, word = "~/", rest
	}
	return home + "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
