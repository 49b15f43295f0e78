package parts

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"istio-circuit-breaker/internal/runner"
)

// found is a command of the user's machine that does as well as the lab's own.
type found struct{ path, version string }

// fitting tells for each command that the user's machine may have how one that
// fits is found. All others the lab brings along: nobody has a kubelet to
// spare.
var fitting = map[string]func(Builder, context.Context) (found, bool){
	"kubectl":                    Builder.fittingKubectl,
	"pulumi":                     Builder.fittingPulumi,
	"pulumi-language-go":         Builder.fittingLanguageHost,
	"pulumi-resource-kubernetes": plugin("kubernetes", providerVersion),
	"pulumi-resource-docker":     plugin("docker", dockerVersion),
}

// lookOutside looks for a command of the user's that is not the lab's own, which
// is on PATH inside of the lab, and may be linked to from elsewhere.
func (b Builder) lookOutside(command string) string {
	path := b.Look(command)
	real, err := filepath.EvalSymlinks(path)
	cache, errCache := filepath.EvalSymlinks(b.Cache)
	if err != nil || errCache == nil && strings.HasPrefix(real, cache+string(filepath.Separator)) {
		return ""
	}
	return path
}

// fittingKubectl: at most one minor version away from the API server, as
// Kubernetes' version skew policy has it.
func (b Builder) fittingKubectl(ctx context.Context) (found, bool) {
	path := b.lookOutside("kubectl")
	out, ok := b.ask(ctx, path, "version", "--client", "--output=json")
	var says struct {
		ClientVersion struct {
			GitVersion string `json:"gitVersion"`
		} `json:"clientVersion"`
	}
	if !ok || json.Unmarshal([]byte(out), &says) != nil {
		return found{}, false
	}
	have, want := versionIn(says.ClientVersion.GitVersion), versionIn(kubernetesVersion)
	skew := have.minor - want.minor
	return found{path, says.ClientVersion.GitVersion}, have.major == want.major && -1 <= skew && skew <= 1
}

// fittingPulumi: the pinned version or a newer one of the same major, which
// reads the same state and speaks the same protocols.
func (b Builder) fittingPulumi(ctx context.Context) (found, bool) {
	path := b.lookOutside("pulumi")
	out, ok := b.ask(ctx, path, "version")
	have, want := versionIn(out), versionIn(pulumiVersion)
	return found{path, "v" + have.String()}, ok && have.major == want.major && have.atLeast(want)
}

// fittingLanguageHost: the one that was published with a fitting Pulumi lies
// beside it.
func (b Builder) fittingLanguageHost(ctx context.Context) (found, bool) {
	f, ok := b.fittingPulumi(ctx)
	if !ok {
		return found{}, false
	}
	if real, err := filepath.EvalSymlinks(f.path); err == nil {
		f.path = real
	}
	f.path = filepath.Join(filepath.Dir(f.path), "pulumi-language-go")
	return f, there(f.path)
}

// plugin looks for a provider among those that Pulumi has fetched for the user,
// in exactly the version that our program's SDK asks for. A plugin on PATH does
// not tell its version, so it cannot be known to fit.
func plugin(name, version string) func(Builder, context.Context) (found, bool) {
	return func(b Builder, _ context.Context) (found, bool) {
		path := filepath.Join(b.PulumiHome, "plugins", "resource-"+name+"-v"+version, "pulumi-resource-"+name)
		return found{path, "v" + version}, b.PulumiHome != "" && there(path)
	}
}

// ask runs a command of the user's machine that may be of any age and kind, so
// a refusal only means that it does not fit.
func (b Builder) ask(ctx context.Context, args ...string) (string, bool) {
	if args[0] == "" {
		return "", false
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := b.Runner.Run(ctx, runner.Command{Args: args, Env: []string{"PULUMI_SKIP_UPDATE_CHECK=true"}, Log: b.Log})
	return out, err == nil
}
