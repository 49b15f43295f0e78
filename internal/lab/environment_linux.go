package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/lab/parts"
)

// elsewhere are the beginnings of variables that lead the tools that the lab
// runs to another cluster, Docker engine or Pulumi backend, or to speak with the
// lab's as they speak with that one (`minikube docker-env` sets some).
var elsewhere = []string{
	"DOCKER_", "BUILDKIT_", "BUILDX_", "CONTAINERD_", "HELM_KUBE", "HELM_NAMESPACE", "KUBERNETES_",
	"PULUMI_STACK", "PULUMI_BACKEND_URL", "PULUMI_API", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_HOME",
}

// proxies cannot be reached from inside of the lab, whose network has no way
// out; what is inside is not to be asked of them.
var proxies = []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "NO_PROXY"}

// unset removes from this process's environment, and so from that of all
// commands that it runs, the variables whose names begin so, in any case.
func unset(beginnings []string) error {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(strings.ToUpper(name), b) }) {
			continue
		}
		if err := os.Unsetenv(name); err != nil {
			return fmt.Errorf("unsetting %s: %w", name, err)
		}
	}
	return nil
}

// PathWithout is a list of folders, as PATH has it, without that of the lab's
// own commands.
func (l Layout) PathWithout(path string) string {
	folders := slices.DeleteFunc(filepath.SplitList(path), func(folder string) bool { return folder == l.bin() })
	return strings.Join(folders, string(os.PathListSeparator))
}

// inside says whether this process is a command of `lab exec`: of which lab, ""
// of none.
func inside() string { return os.Getenv(markVariable) }

// insideOfALab is why nothing can be fetched here, nor another lab be started;
// nil where this process is of no lab.
func insideOfALab() error {
	if inside() == "" {
		return nil
	}
	return errors.New("this is a command of `lab exec`, in the network of a lab, which has no way out")
}

// markVariable is in the environment of every command that is run inside of a
// lab, with the lab's state folder.
const markVariable = "ISTIO_CIRCUIT_BREAKER_LAB"

// mark is in the environment of every command that is run inside of the lab, so
// that `lab down` finds those that still run.
func (l Layout) mark() string { return markVariable + "=" + l.State }

// environment is what a command inside of the lab sees beside the user's own.
func (l Layout) environment() []string {
	return append([]string{
		l.mark(),
		"PATH=" + l.bin() + string(os.PathListSeparator) + os.Getenv("PATH"),
		"KUBECONFIG=" + l.Kubeconfig(),
		"DOCKER_HOST=unix://" + l.dockerSocket(),
		"DOCKER_CONFIG=" + l.dockerConf(), // nothing is asked of the user's contexts and credential helpers
		"PULUMI_HOME=" + l.pulumiHome(),
		// Beside each file of the state the backend writes one of attributes, not
		// atomically, and a state whose attributes are empty cannot be read: a run
		// that was killed meanwhile would be lost. Nobody reads them.
		"PULUMI_BACKEND_URL=file://" + l.backend() + "?metadata=skip",
		"PULUMI_CONFIG_PASSPHRASE=", // the lab's stack holds no secret
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"PULUMI_SKIP_UPDATE_CHECK=true",
	}, parts.InsideEnvironment()...)
}

// kubectlEnvironment is that of the lab's own questions, which a user's
// preferences (kuberc) are not to change.
func (l Layout) kubectlEnvironment() []string {
	return []string{"KUBECONFIG=" + l.Kubeconfig(), "KUBERC=off"}
}
