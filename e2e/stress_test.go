//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// busyLoops take the machine from the sidecar and from us.
const busyLoops = 3

// TestStress proves the hardest setting many times in a row, beside busy loops:
// threshold 1, where one answer decides, and eight requests at a time. Only `make
// stress` runs it; STRESS says how many times.
func TestStress(t *testing.T) {
	times, err := strconv.Atoi(os.Getenv("STRESS"))
	if err != nil || times < 1 || times > 1000 {
		t.Fatalf("STRESS=%q: must be 1 to 1000", os.Getenv("STRESS"))
	}
	pulumiUp(t)
	set(t, map[string]string{"faulty.maxDelay": "100ms"})
	defer unset(t, "faulty.maxDelay")
	changeRule(t, map[string]any{"consecutiveGatewayErrors": 1, "baseEjectionTime": "2s"})
	defer restoreRule(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range busyLoops {
		loop := exec.CommandContext(ctx, "sh", "-c", "while :; do :; done")
		if err := loop.Start(); err != nil {
			t.Fatal(err)
		}
		defer loop.Wait()
	}
	defer stop()
	agree := 0
	for i := range times {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			proves(t, 1, "--concurrency", "8", "--rate", "20", "--max-delay", "100ms")
			if !t.Failed() {
				agree++
			}
		})
	}
	t.Logf("%d of %d proofs at threshold 1 and concurrency 8, beside %d busy loops, agree", agree, times, busyLoops)
}
