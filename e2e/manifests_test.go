//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// manifests are those of all that the program declares itself, by URN; what the
// charts bring is theirs.
func manifests(t *testing.T) map[string]manifest {
	t.Helper()
	all := map[string]manifest{}
	for _, r := range resources(t) {
		kind, _ := r.Inputs["kind"].(string)
		if !strings.HasPrefix(r.Type, "kubernetes:") || kind == "" || kind == "CustomResourceDefinition" {
			continue // a CRD is declared by name only, the chart has the rest
		}
		m := manifest{}
		for key, value := range r.Inputs {
			if !strings.HasPrefix(key, "__") {
				m[key] = value
			}
		}
		all[r.URN] = m
	}
	if len(all) < 6 {
		t.Fatalf("only %d manifests", len(all))
	}
	return all
}

func asJSON(t *testing.T, m manifest) []byte {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// manifestsAreValid: what the program declares is taken by the API server
// with strict validation, which refuses unknown and doubled fields.
func manifestsAreValid(t *testing.T) {
	for urn, m := range manifests(t) {
		file := write(t, "manifest.json", asJSON(t, m))
		o := attempt(t, "kubectl", "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", file)
		if o.exit != 0 {
			t.Errorf("%s: %s", urn, o.all())
		}
	}
}

// manifestsScoreWell: other people's tools find nothing wrong with what the
// program declares, but what is waived below.
func manifestsScoreWell(t *testing.T) {
	tools := t.TempDir()
	build := exec.Command("go", "build", "-C", "testdata/scores", "-o", tools, "tool")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling the tools: %v\n%s", err, out)
	}
	all := manifests(t)
	t.Run("kube-score", func(t *testing.T) { kubeScore(t, filepath.Join(tools, "kube-score"), all) })
	t.Run("kubeconform", func(t *testing.T) { kubeconform(t, filepath.Join(tools, "kubeconform"), all) })
}

// waived are the findings of kube-score that stand, by its name of the check,
// each with its reason.
var waived = map[string]string{
	"container-image-pull-policy": "the image is named by its digest: what a node has under it is what the registry has, and pods start without the registry",
	"container-ephemeral-storage-request-and-limit": "ServiceX writes no file. A limit would be the pod's, and against it the kubelet counts the sidecar's log too, " +
		"which has none of its own: the more ejections, the sooner the client would be evicted",
	"container-resources": "no CPU limit: throttling would add delays that are not the fault's",
	"deployment-replicas": "one healthy and one faulty pod are the demonstration; replicas.healthy and replicas.faulty make more",
	"pod-networkpolicy":   "any pod of the mesh may call ServiceX; and what a policy cuts off would look like the fault",
}

// kubeScore has kube-score judge all manifests together: some of its checks are
// of a pod and the Service, policy or budget for it.
func kubeScore(t *testing.T, tool string, all map[string]manifest) {
	var input bytes.Buffer
	for _, m := range all {
		input.Write(asJSON(t, m))
		input.WriteString("\n---\n")
	}
	var server struct {
		ServerVersion struct {
			GitVersion string `json:"gitVersion"`
		} `json:"serverVersion"`
	}
	decode(t, kubectl(t, "version", "-o", "json"), &server)
	version, _, _ := strings.Cut(server.ServerVersion.GitVersion, "-")
	text := judgement(t, &input, tool, "score", "--output-format", "json", "--kubernetes-version", version[:strings.LastIndex(version, ".")],
		"--enable-optional-test", "container-seccomp-profile", "--enable-optional-test", "container-ports-check", "-")
	var objects []struct {
		Name   string `json:"object_name"`
		Checks []struct {
			Check struct {
				ID string `json:"id"`
			} `json:"check"`
			Grade    int  `json:"grade"` // 10 is all right; 1 critical, 5 a warning, 7 almost
			Skipped  bool `json:"skipped"`
			Comments []struct {
				Path    string `json:"path"`
				Summary string `json:"summary"`
			} `json:"comments"`
		} `json:"checks"`
	}
	decode(t, text, &objects)
	needed := map[string]bool{}
	for _, o := range objects {
		for _, c := range o.Checks {
			switch {
			case c.Skipped || c.Grade >= 10:
			case waived[c.Check.ID] == "":
				t.Errorf("%s: %s: %v", o.Name, c.Check.ID, c.Comments)
			default:
				needed[c.Check.ID] = true
			}
		}
	}
	for check := range waived {
		if !needed[check] {
			t.Errorf("%s is waived, and nothing is found: take the waiver away", check)
		}
	}
}

// judgement is what a tool prints of its input. That it ends with 1 means no more
// than that it has findings.
func judgement(t *testing.T, input *bytes.Buffer, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = input, &stderr
	out, err := cmd.Output()
	if exit, ended := errors.AsType[*exec.ExitError](err); err != nil && (!ended || exit.ExitCode() != 1) || stderr.Len() > 0 {
		t.Fatalf("running %q: %v\n%s", args, err, stderr.Bytes())
	}
	return string(out)
}
