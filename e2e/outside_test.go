//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// fromOutside: what runs in the lab is reached from this machine's own network,
// where this test runs, on loopback alone, and no longer than it runs.
func fromOutside(t *testing.T) {
	t.Run("the page of the observer", pageOutside)
	t.Run("the API server, and a service through it", apiOutside)
	t.Run("the registry", registryOutside)
	t.Run("what a command listens on", commandOutside)
}

// fetch gets a page from outside of the lab.
func fetch(url string) (int, string, error) {
	client := http.Client{Timeout: 20 * time.Second} // a faulty pod takes 4
	response, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// asks returns what the lab's command prints.
func asks(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), labCommand, args...)
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("lab %q: %v", args, err)
	}
	return out
}

// reachable is what `lab status` says of what this machine reaches, by address.
func reachable(t *testing.T) map[string]string {
	t.Helper()
	out := asks(t, "status", "--json")
	var status struct {
		Reach []struct{ Name, Address string }
	}
	if err := json.Unmarshal(out, &status); err != nil {
		t.Fatalf("decoding %s: %v", out, err)
	}
	names := map[string]string{}
	for _, r := range status.Reach {
		names[r.Address] = r.Name
	}
	return names
}

// printing starts a command and returns its first line with a match, and what
// ends it.
func printing(t *testing.T, cmd *exec.Cmd, stop func(), pattern string) ([]string, func()) {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() { stop(); _ = cmd.Wait() } // ended by us: its exit code says nothing
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if match := regexp.MustCompile(pattern).FindStringSubmatch(lines.Text()); match != nil {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return match, end
		}
	}
	end()
	t.Fatalf("%q ended and printed nothing like %q; stderr:\n%s", cmd.Args, pattern, stderr.String())
	return nil, nil
}

// closed waits until nobody listens at an address of this machine.
func closed(t *testing.T, address string) {
	t.Helper()
	err := wait.For(t.Context(), address+" to be closed", 20*time.Second, 50*time.Millisecond, func(context.Context) error {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return nil
		}
		conn.Close()
		return fmt.Errorf("somebody listens there")
	})
	if err != nil {
		t.Error(err)
	}
}

func pageOutside(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	url, end := printing(t, background(ctx, observeCommand, "watch", "--web", "--no-load"), stop, `^http://(127\.0\.0\.1:\d+)/$`)
	defer end()
	if code, body, err := fetch(url[0]); err != nil || code != http.StatusOK || !strings.Contains(body, "<html") {
		t.Errorf("%s: got %d, %v and\n%s", url[0], code, err, body)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url[0]+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	events, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	lines := bufio.NewScanner(events.Body)
	lines.Buffer(nil, 1<<20)
	for seen := 0; seen < 3; { // the state, then what changes, or the beat
		if !lines.Scan() {
			t.Fatalf("the page's stream ended: %v", lines.Err())
		}
		if lines.Text() == "" {
			seen++
		}
	}
	if name := reachable(t)[url[1]]; !strings.Contains(name, "run by `lab exec`") {
		t.Errorf("lab status says of %s %q: %v", url[1], name, reachable(t))
	}
	end()
	closed(t, url[1])
}

// outsideKubectl is a kubectl for commands outside of the lab, with the lab's
// kubeconfig.
func outsideKubectl(t *testing.T) func(context.Context, ...string) *exec.Cmd {
	t.Helper()
	config := t.TempDir() + "/kubeconfig"
	if err := os.WriteFile(config, asks(t, "kubeconfig"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := strings.TrimSpace(run(t, "sh", "-c", "command -v kubectl"))
	return func(ctx context.Context, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, path, append([]string{"--kubeconfig", config}, args...)...)
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
		cmd.WaitDelay = 20 * time.Second
		return cmd
	}
}

func apiOutside(t *testing.T) {
	kubectl := outsideKubectl(t)
	if out, err := kubectl(t.Context(), "get", "nodes", "--output=name").CombinedOutput(); err != nil || string(out) != "node/lab\n" {
		t.Errorf("kubectl get nodes: %q, %v", out, err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	line, end := printing(t, kubectl(ctx, "--namespace="+ns, "port-forward", "service/servicex-service", ":80"), stop, `^Forwarding from (127\.0\.0\.1:\d+) `)
	defer end()
	answersAsServiceX(t, line[1])
}

// answersAsServiceX: a healthy pod answers 200, a faulty one 504.
func answersAsServiceX(t *testing.T, address string) {
	t.Helper()
	err := wait.For(t.Context(), address+" to answer", time.Minute, 100*time.Millisecond, func(context.Context) error {
		code, body, err := fetch("http://" + address + "/")
		if err == nil && code != http.StatusOK && code != http.StatusGatewayTimeout {
			err = fmt.Errorf("it answers %d: %s", code, body)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func registryOutside(t *testing.T) {
	for address, name := range reachable(t) {
		if name != "registry" {
			continue
		}
		if code, body, err := fetch("http://" + address + "/v2/"); err != nil || code != http.StatusOK {
			t.Errorf("the registry at %s: got %d, %v and\n%s", address, code, err, body)
		}
		return
	}
	t.Errorf("lab status names no registry: %v", reachable(t))
}

func commandOutside(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	line, end := printing(t, background(ctx, "kubectl", "--namespace="+ns, "port-forward", "service/servicex-service", ":80"), stop, `^Forwarding from (127\.0\.0\.1:\d+) `)
	defer end()
	answersAsServiceX(t, line[1])
	end()
	closed(t, line[1])
}
