//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// The registry with a password, which a case runs itself, and who may use it.
const (
	guarded     = "127.0.0.1:5055"
	robot, word = "robot", "correct-horse-battery-staple"
	wordHashed  = "$2b$05$abcdefghijklmnopqrstuu85MXjg6exOQL.AXFImpsqFFSBHJgLRe" // bcrypt
)

// registryWithPassword: the lab's Docker plugin builds on private base images, and on
// public ones that the engine has not, with either builder, and pushes; with the
// credentials of the inputs, of the docker command's file, and of a helper. What a
// registry refuses is told with what to do.
func registryWithPassword(t *testing.T) {
	guardRegistry(t)
	private(t, nil, "stack", "select", "--create", "image")
	defer private(t, nil, "stack", "rm", "--yes", "--force", "image")
	private(t, nil, "config", "set", "username", robot)
	private(t, nil, "config", "set", "--secret", "password", word)
	builds(t, "BuilderBuildKit", "base", "scratch", nil)
	private(t, nil, "config", "rm", "username")

	login := base64.StdEncoding.EncodeToString([]byte(robot + ":" + word))
	file := dockerLogin(t, `{"auths":{"`+guarded+`":{"auth":"`+login+`"}}}`, "")
	helper := dockerLogin(t, `{"credHelpers":{"`+guarded+`":"test"}}`, fmt.Sprintf(`read server; echo '{"Username":"%s","Secret":"%s"}'`, robot, word))
	wrong := dockerLogin(t, `{"auths":{"`+guarded+`":{"auth":"`+base64.StdEncoding.EncodeToString([]byte(robot+":wrong"))+`"}}}`, "")
	missing := dockerLogin(t, `{"credsStore":"missing"}`, "")
	public := strings.TrimSpace(run(t, "sh", "-c", `cd "$(dirname "$KUBECONFIG")/etc" && grep -rhoE 'localhost:5000/pause:[0-9a-f]+' . | head -n 1`))
	for _, builder := range []string{"BuilderBuildKit", "BuilderV1"} {
		builds(t, builder, "child", guarded+"/base:1", file)
		builds(t, builder, "helped", guarded+"/base:1", helper)
		builds(t, builder, "open", public, file)
		for _, from := range []string{guarded + "/base:1", "scratch"} {
			refuses(t, builder, from, wrong, guarded, fmt.Sprintf("hint: %s refused %q of ", guarded, robot), "config.json: docker login "+guarded)
			refuses(t, builder, from, missing, guarded, "hint: mend or take out the helper that ", "docker-credential-missing")
		}
		refuses(t, builder, "scratch", dockerLogin(t, `{}`, ""), "has no credentials for "+guarded+": docker login "+guarded)
	}
	if out := private(t, nil, "stack", "export"); strings.Contains(out, login) || strings.Contains(out, word) {
		t.Errorf("the password is in the state:\n%s", out)
	}
	podsPull(t, file)
}

// podsPull: the stack itself with that registry, from the push to the pods.
func podsPull(t *testing.T, login []string) {
	t.Helper()
	if nodes := strings.Fields(kubectl(t, "get", "nodes", "-o", "name")); len(nodes) > 1 {
		t.Logf("no pod pulls from %s: of %q only the first reaches it", guarded, nodes)
		return
	}
	was := strings.TrimSpace(pulumi(t, "config", "get", "image.repository"))
	pulumi(t, "config", "set", "image.repository", guarded+"/servicex")
	pulumi(t, "config", "set", "image.pullSecret.username", robot)
	pulumi(t, "config", "set", "--secret", "image.pullSecret.password", word)
	defer func() {
		pulumi(t, "config", "set", "image.repository", was)
		unset(t, "image.pullSecret.username", "image.pullSecret.password")
	}()
	if o := attempt(t, append(login, upWith()...)...); o.exit != 0 {
		t.Fatalf("pulumi up with the registry's password: %s", o.all())
	}
	for _, image := range strings.Fields(kubectl(t, "-n", ns, "get", "deployments", "-o", "jsonpath={.items[*].spec.template.spec.containers[0].image}")) {
		if !strings.HasPrefix(image, guarded+"/servicex@sha256:") {
			t.Errorf("a Deployment's image is %q", image)
		}
	}
}

// private runs pulumi on the project of the image; first comes what to run it by.
func private(t *testing.T, by []string, args ...string) string {
	t.Helper()
	return run(t, append(append(by[:len(by):len(by)], "pulumi", "--cwd", "e2e/image"), args...)...)
}

// builds pushes an image on a base image that the engine has not, and takes both
// away from the engine again.
func builds(t *testing.T, builder, name, from string, login []string) {
	t.Helper()
	if o := built(t, builder, name, from, login); o.exit != 0 {
		t.Errorf("%s on %s with %s: %s", name, from, builder, o.all())
		return
	}
	digest := private(t, nil, "stack", "output", "digest")
	if !strings.HasPrefix(digest, guarded+"/"+name+"@sha256:") {
		t.Errorf("%s on %s with %s: the digest is %q", name, from, builder, digest)
	}
}

// refuses wants words in what a build or a push says that fails.
func refuses(t *testing.T, builder, from string, login []string, words ...string) {
	t.Helper()
	o := built(t, builder, "refused", from, login)
	for _, want := range words {
		if o.exit == 0 || !strings.Contains(o.stdout+o.stderr, want) {
			t.Errorf("on %s with %s: want an error with %q, got %s", from, builder, want, o.all())
		}
	}
	if all := o.stdout + o.stderr; strings.Contains(all, word) {
		t.Errorf("the password is shown: %s", all)
	}
}

func built(t *testing.T, builder, name, from string, login []string) outcome {
	t.Helper()
	folder := t.TempDir()
	for file, text := range map[string]string{"Dockerfile": "FROM " + from + "\nCOPY text /" + name + "\n", "text": time.Now().String()} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	image := guarded + "/" + name + ":1"
	private(t, nil, "config", "set-all", "--plaintext", "name="+image, "--plaintext", "context="+folder, "--plaintext", "builder="+builder)
	defer attempt(t, "docker", "image", "rm", image, from)
	return attempt(t, append(login[:len(login):len(login)], "pulumi", "--cwd", "e2e/image", "up", "--yes", "--skip-preview", "--color=never")...)
}

// dockerLogin is what a command is run by that has a file of the docker command's, and
// a helper "test" where its script is given.
func dockerLogin(t *testing.T, config, script string) []string {
	t.Helper()
	folder := filepath.Dir(write(t, "config.json", []byte(config)))
	if script != "" {
		if err := os.WriteFile(filepath.Join(folder, "docker-credential-test"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := strings.TrimSpace(run(t, "printenv", "PATH"))
	return []string{"env", "DOCKER_CONFIG=" + folder, "PATH=" + folder + ":" + path}
}

// guardRegistry runs Debian's registry in the lab's network, with a password, until
// the test ends.
func guardRegistry(t *testing.T) {
	t.Helper()
	config := write(t, "registry.yml", nil)
	folder := filepath.Dir(config)
	text := fmt.Sprintf("version: 0.1\nstorage: {filesystem: {rootdirectory: %q}}\nhttp: {addr: %q}\nauth: {htpasswd: {realm: test, path: %q}}\n",
		filepath.Join(folder, "data"), guarded, filepath.Join(folder, "htpasswd"))
	for file, content := range map[string]string{config: text, filepath.Join(folder, "htpasswd"): robot + ":" + wordHashed + "\n"} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	cmd := background(ctx, "docker-registry", "serve", config)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() }) // ended by us: its exit code says nothing
	err = wait.For(t.Context(), "the registry", time.Minute, 100*time.Millisecond, func(context.Context) error {
		if said, err := os.ReadFile(log.Name()); err != nil || !strings.Contains(string(said), "listening on "+guarded) {
			return fmt.Errorf("it says %q, %w", said, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
