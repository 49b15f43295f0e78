//go:build e2e

package e2e

import (
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// proof is what `observe verify --json` promises.
type proof struct {
	Threshold struct {
		Configured, Measured int
	}
	Ejection struct {
		Pod                                string
		ConfiguredSeconds, MeasuredSeconds float64
	}
	ErrorsWhileEjected *int
	Counters           struct {
		EnforcedGateway, Enforced5xx, Overflow *uint64
	}
	Ejections []struct {
		Pod      string
		Number   int
		Errors   int
		Seconds  float64
		Detector string
	}
	Causes []struct {
		Code string
	}
	Diagnoses []string
	Verdict   string
}

// names is true where a cause is among those that the proof names.
func (p proof) names(code string) bool {
	for _, c := range p.Causes {
		if c.Code == code {
			return true
		}
	}
	return false
}

// verify runs a proof and expects its exit code. Its recording is judged again,
// without the cluster, and has to give the same to the byte.
func verify(t *testing.T, exit int, args ...string) proof {
	t.Helper()
	recording := filepath.Join(t.TempDir(), "run.jsonl")
	o := attempt(t, append([]string{observeCommand, "verify", "--json", "--record", recording}, args...)...)
	if again, err := exec.Command(observeCommand, "verify", "--json", recording).Output(); o.stdout != "" && string(again) != o.stdout {
		t.Errorf("the recording judged again differs (%v):\n%s", err, cmp.Diff(o.stdout, string(again)))
	}
	if o.exit != exit {
		t.Fatalf("observe verify %s: want exit code %d, got %s", strings.Join(args, " "), exit, o.all())
	}
	var p proof
	decode(t, o.stdout, &p)
	t.Logf("verify %s took %s: threshold %d, measured %d; out %.1fs, measured %.1fs; %s", strings.Join(args, " "), o.took.Round(100_000_000),
		p.Threshold.Configured, p.Threshold.Measured, p.Ejection.ConfiguredSeconds, p.Ejection.MeasuredSeconds, p.Verdict)
	return p
}

// proves runs a proof that has to agree at threshold.
func proves(t *testing.T, threshold int, args ...string) proof {
	t.Helper()
	p := verify(t, 0, args...)
	if p.Verdict != "agrees" || p.Threshold.Configured != threshold || p.Threshold.Measured != threshold {
		t.Errorf("threshold: want %d, got %+v (%s)", threshold, p.Threshold, p.Verdict)
	}
	return p
}

func tripsAtTen(t *testing.T) { tripsAndReturns(t, 10) }

func tripsAtThree(t *testing.T) { tripsAndReturns(t, 3) }

func tripsAndReturns(t *testing.T, threshold int) {
	p := proves(t, threshold)
	if e := p.Ejection; !strings.HasPrefix(e.Pod, "servicex-error-") || e.ConfiguredSeconds != 30 || math.Abs(e.MeasuredSeconds-31) > 2 {
		t.Errorf("ejection: got %+v, want the faulty pod, 30s and the wait for the sweep", e)
	}
	if p.ErrorsWhileEjected == nil || *p.ErrorsWhileEjected != 0 {
		t.Errorf("errors while ejected: got %v, want 0", p.ErrorsWhileEjected)
	}
	if c := p.Counters; c.EnforcedGateway == nil || *c.EnforcedGateway == 0 || c.Enforced5xx == nil || *c.Enforced5xx != 0 || c.Overflow == nil || *c.Overflow != 0 {
		t.Errorf("counters: got %+v, want gateway above 0, 5xx and overflow 0", c)
	}
	// What the client's sidecar says itself, asked by another way than observe's.
	pod := strings.TrimSpace(kubectl(t, "-n", ns, "get", "pods", "-l", "app=servicex-client", "-o", "jsonpath={.items[0].metadata.name}"))
	stats := kubectl(t, "-n", ns, "exec", pod, "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "stats?filter=outlier_detection")
	// Not less than what observe saw; an answer that was under way when the load
	// was stopped may have completed one ejection more.
	if got := stat(stats, "ejections_enforced_consecutive_gateway_failure"); got == math.MaxUint64 || got < *p.Counters.EnforcedGateway {
		t.Errorf("enforced gateway ejections: the sidecar says %d, observe %d:\n%s", got, *p.Counters.EnforcedGateway, stats)
	}
	if got := stat(stats, "ejections_enforced_consecutive_5xx"); got != 0 {
		t.Errorf("enforced 5xx ejections: got %d, want 0 in\n%s", got, stats)
	}
}

// stat finds a counter of the service's cluster in Envoy's text.
func stat(text, name string) uint64 {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if strings.Contains(key, "servicex-service") && strings.HasSuffix(key, "."+name) {
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return math.MaxUint64
			}
			return n
		}
	}
	return math.MaxUint64
}

func breakerOff(t *testing.T) {
	set(t, map[string]string{"outlier.enabled": "false", "faulty.maxDelay": "100ms"})
	defer unset(t, "outlier.enabled", "faulty.maxDelay")
	if p := verify(t, 0, "--phases", "off", "--rate", "0", "--concurrency", "4"); len(p.Ejections) != 0 {
		t.Errorf("ejections: got %v, want none", p.Ejections)
	}
}
