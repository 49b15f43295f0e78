//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// inBrowser: the page of `observe watch --web` in the lab, looked at by headless
// Chromium outside of it. The test of the page is in a module of its own, for the
// browser's driver.
func inBrowser(t *testing.T) {
	changeRule(t, map[string]any{"consecutiveGatewayErrors": 5, "baseEjectionTime": "5s"})
	defer restoreRule(t)
	tests := t.TempDir() + "/browser.test"
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", tests, ".")
	build.Dir = "browser"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling the page's test: %v\n%s", err, out)
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	page := background(ctx, observeCommand, "watch", "--web", "--rate", "10")
	stdout, err := page.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	page.Stderr = os.Stderr
	if err := page.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { stop(); _ = page.Wait() }() // ended by us: its exit code says nothing
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("reading the page's address: %v", err)
	}
	browser := exec.CommandContext(ctx, tests, "-test.v")
	browser.Env = append(os.Environ(), "WATCH_URL="+strings.TrimSpace(url))
	out, err := browser.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the page does not show what it should: %v", err)
	}
}
