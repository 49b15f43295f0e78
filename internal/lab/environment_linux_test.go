package lab

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What the user has set for another cluster or engine does not reach what the
// lab runs; what belongs to the user's own work does.
func TestTheUsersVariablesDoNotLeadElsewhere(t *testing.T) {
	gone := []string{
		"DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTEXT", "DOCKER_API_VERSION", "DOCKER_CONTENT_TRUST", "DOCKER_DEFAULT_PLATFORM",
		"BUILDKIT_HOST", "BUILDX_BUILDER", "HELM_KUBECONTEXT", "PULUMI_STACK", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE",
	}
	inLabOnly := []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "no_proxy"}
	kept := []string{"AWS_PROFILE", "PULUMI_K8S_DELETE_UNREACHABLE", "EDITOR", "GOPRIVATE"}
	for _, name := range append(append(gone, inLabOnly...), kept...) {
		t.Setenv(name, "the-users-own")
	}
	cmd := exec.Command("/proc/self/exe", "env")
	cmd.Env = append(os.Environ(), "LAB_TEST_EXEC=/lab")
	inExec, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	tr := newTrial(t)
	if err := tr.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	inUp := strings.Join(os.Environ(), "\n")
	has := func(environ, name string) bool { return strings.Contains("\n"+environ, "\n"+name+"=the-users-own") }
	for _, name := range gone {
		if has(string(inExec), name) || has(inUp, name) {
			t.Errorf("%s is set in `lab exec`: %v, in `lab up`: %v", name, has(string(inExec), name), has(inUp, name))
		}
	}
	for _, name := range inLabOnly { // packages and modules are fetched through them
		if has(string(inExec), name) || !has(inUp, name) {
			t.Errorf("%s is set in `lab exec`: %v, in `lab up`: %v; want it in the second alone", name, has(string(inExec), name), has(inUp, name))
		}
	}
	for _, name := range kept {
		if !has(string(inExec), name) || !has(inUp, name) {
			t.Errorf("%s is set in `lab exec`: %v, in `lab up`: %v; want it in both", name, has(string(inExec), name), has(inUp, name))
		}
	}
}

func TestTheLabsCommandsAreTakenFromPath(t *testing.T) {
	l := Layout{State: "/lab"}
	for path, want := range map[string]string{
		"/lab/bin:/usr/bin:/lab/bin:/bin": "/usr/bin:/bin",
		"/usr/bin:/lab/bin2":              "/usr/bin:/lab/bin2",
		"/lab/bin":                        "",
	} {
		if got := l.PathWithout(path); got != want {
			t.Errorf("of %q: got %q, want %q", path, got, want)
		}
	}
}
