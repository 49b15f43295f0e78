//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/wait"

	"github.com/google/go-cmp/cmp"
)

// outFor are the pods that are out for a workload, by what a watch has told.
func (f *following) outFor(workload string) []string {
	out := map[string]bool{}
	for _, e := range f.all() {
		if e.Workload == workload {
			switch e.Kind {
			case timeline.PodEjected, callers.OutAlready:
				out[e.Pod] = true
			case timeline.PodReturned:
				delete(out, e.Pod)
			}
		}
	}
	return slices.Sorted(maps.Keys(out))
}

// agrees waits until a watch tells of a caller's pods what its Envoy does, and as
// many are out as there are to be.
func (f *following) agrees(t *testing.T, workload, host string, out int) {
	t.Helper()
	err := wait.For(t.Context(), fmt.Sprintf("%d pods of %s to be out for %s, in Envoy and as told", out, host, workload), 20*time.Second, 200*time.Millisecond, func(context.Context) error {
		has, err := ejectedBy(t, shop+"-"+workload, host)
		if err != nil {
			return err
		}
		if told := f.outFor(workload); len(has) != out || !slices.Equal(has, told) {
			return fmt.Errorf("out in its Envoy %q, told %q", has, told)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// ejectedBy are the pods that are out in a caller's own Envoy, sorted.
func ejectedBy(t *testing.T, namespace, host string) ([]string, error) {
	t.Helper()
	hosts, err := hostsOf(t, namespace, host)
	var out []string
	for pod, is := range hosts {
		if is {
			out = append(out, pod)
		}
	}
	slices.Sort(out)
	return out, err
}

// watchesOthers: each caller ejects by its own rule, and so it is told, with those who
// eject nobody.
func watchesOthers(t *testing.T) {
	for _, namespace := range []string{alpha, beta, edge} {
		untilCallerHas(t, namespace, httpbinHost, 3)
		untilCallerHas(t, namespace, fortioHost, 2)
	}
	seen := &following{follow[callers.Event](t, observeCommand, "watch", "--json", "--service", "httpbin."+shop)}
	seen.until(t, "all callers to be found", func() bool {
		return !slices.ContainsFunc([]string{"alpha", "beta", "edge"}, func(w string) bool { return len(seen.of(callers.CallerFound, w)) == 0 })
	})
	if kind := seen.of(callers.CallerFound, "edge")[0].CallerKind; kind != callers.Gateway {
		t.Errorf("the gateway is told to be a %q", kind)
	}
	if codes := loaded(t, alpha, "http://"+httpbinHost+"/status/503", 40); codes["503"] != 40 {
		t.Errorf("alpha got %v", codes)
	}
	seen.agrees(t, "alpha", httpbinHost, 1) // 34 % of three
	seen.agrees(t, "beta", httpbinHost, 0)
	loaded(t, beta, "http://"+httpbinHost+"/status/500", 60)
	seen.agrees(t, "beta", httpbinHost, 2) // 67 % of three
	codes := loaded(t, alpha, "http://edge."+edge+".svc.cluster.local/unstable?failure_rate=0.8", 250)
	if codes["200"] == 0 || codes["500"] == 0 {
		t.Errorf("by the gateway alpha got %v", codes)
	}
	seen.agrees(t, "edge", httpbinHost, 2)
	seen.until(t, "alpha's pod to return", func() bool { return len(seen.of(timeline.PodReturned, "alpha")) > 0 })
	seen.agrees(t, "alpha", httpbinHost, 0)
	seen.agrees(t, "beta", httpbinHost, 2)
	seen.stop()
	for _, e := range seen.of(timeline.PodReturned, "alpha") {
		if e.Out < 10*time.Second || e.Out > 14*time.Second {
			t.Errorf("out for %s, want 10s and a sweep", e.Out)
		}
	}
	watchesFortio(t)
}

// watchesFortio: gateway errors alone eject there, and only for whom the rule is
// exported to; those who are out before it is looked are told.
func watchesFortio(t *testing.T) {
	loaded(t, alpha, "http://"+fortioHost+"/?status=503", 60) // has no rule
	if codes := loaded(t, beta, "http://"+fortioHost+"/?status=500", 60); codes["500"] != 60 {
		t.Errorf("beta got %v", codes)
	}
	for _, namespace := range []string{alpha, beta} {
		if out, err := ejectedBy(t, namespace, fortioHost); err != nil || len(out) > 0 {
			t.Errorf("out in the Envoy in %s: %q, %v", namespace, out, err)
		}
	}
	loaded(t, beta, "http://"+fortioHost+"/?status=503:70", 300)
	loaded(t, alpha, "http://edge."+edge+".svc.cluster.local/?status=502", 30)
	seen := &following{follow[callers.Event](t, observeCommand, "watch", "--json", "--service", "fortio."+shop,
		"--from", "alpha."+alpha, "--from", "beta."+beta, "--from", "edge."+edge)}
	seen.until(t, "all callers to be found", func() bool {
		return !slices.ContainsFunc([]string{"alpha", "beta", "edge"}, func(w string) bool { return len(seen.of(callers.CallerFound, w)) == 0 })
	})
	for workload, out := range map[string]int{"alpha": 0, "beta": 2, "edge": 2} {
		seen.agrees(t, workload, fortioHost, out)
	}
	if len(seen.of(callers.OutAlready, "beta")) != 2 {
		t.Errorf("both are out before the first look: %+v", seen.all())
	}
	seen.stop()
}

// exportsOthers: who is out in the metrics is out in the Envoys.
func exportsOthers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd := background(ctx, observeCommand, "export", "--service", "httpbin."+shop, "--service", "fortio."+shop, "--listen", "127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = cmd.Wait() }() // ended by us: its exit code says nothing
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for _, namespace := range []string{alpha, beta, edge} {
		for _, host := range []string{httpbinHost, fortioHost} {
			out, err := ejectedBy(t, namespace, host)
			if err != nil {
				t.Fatal(err)
			}
			for _, pod := range out {
				caller := strings.TrimPrefix(namespace, shop+"-")
				want[caller] = append(want[caller], pod)
			}
		}
		slices.Sort(want[strings.TrimPrefix(namespace, shop+"-")])
	}
	if len(want["beta"]) != 4 || len(want["edge"]) != 4 || len(want["alpha"]) != 0 {
		t.Fatalf("out in the Envoys: %v", want)
	}
	delete(want, "alpha")
	line := regexp.MustCompile(`(?m)^istio_outlier_ejected\{.*caller_workload="([^"]+)".*pod="([^"]+)".*\} 1$`)
	err = wait.For(t.Context(), "the metrics to say so", time.Minute, 250*time.Millisecond, func(context.Context) error {
		_, text, err := fetch(strings.TrimSpace(url))
		if err != nil {
			return err
		}
		got := map[string][]string{}
		for _, m := range line.FindAllStringSubmatch(text, -1) {
			got[m[1]] = append(got[m[1]], m[2])
		}
		for _, pods := range got {
			slices.Sort(pods)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("(-Envoys +metrics):\n%s", diff)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
