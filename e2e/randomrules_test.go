//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"istio-circuit-breaker/internal/lint/linttest"
	"istio-circuit-breaker/internal/wait"

	"sigs.k8s.io/yaml"
)

// atRandom is the namespace of the rules at random; its pods have no sidecars, so that
// a port where nobody listens refuses.
const atRandom = "shop-random"

// closedPort is of a service whose pods refuse to connect there.
const closedPort = 81

// randomRules: what lint says never ejects does not on a real Envoy, and whatever else
// it says of a rule, that does. Each has a service of its own, of the same pods. Three
// of them, or as many as RANDOM_RULES says; make random-rules tries 20.
func randomRules(t *testing.T, image string) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("RANDOM_RULES"), "3"))
	if err != nil || n < 1 || n > 100 {
		t.Fatalf("RANDOM_RULES=%q: must be 1 to 100", os.Getenv("RANDOM_RULES"))
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("RANDOM_SEED"), "13"), 10, 64) // of whose first three one never ejects
	if err != nil {
		t.Fatal(err)
	}
	applyAll(t, injected(atRandom))
	defer kubectl(t, "delete", "namespace", atRandom, "--timeout", "2m")
	rules := makeRandomRules(t, image, n, seed)
	err = wait.For(t.Context(), "beta's Envoy to have all of the rules", shownIn, 200*time.Millisecond, func(context.Context) error {
		all, err := ejectionsOf(t)
		if err == nil && len(all) != 2*n {
			err = fmt.Errorf("it counts for %d clusters of %d", len(all), 2*n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	said := lintCluster(t, "-n", atRandom)
	for name := range rules {
		host := "http://" + name + "." + atRandom + ".svc.cluster.local"
		for _, url := range []string{host + "/?status=504", host + "/?status=500", host + ":" + strconv.Itoa(closedPort) + "/"} {
			if codes := loaded(t, beta, url, 80); codes["200"] > 0 { // 20 in a row for one of three pods, whichever is chosen
				t.Errorf("%s answered %v", url, codes)
			}
		}
	}
	ejections, err := ejectionsOf(t)
	if err != nil {
		t.Fatal(err)
	}
	nevers := 0
	for name, text := range rules {
		object := "DestinationRule " + atRandom + "/" + name
		never := slices.ContainsFunc(said.Findings, func(f finding) bool { return f.Object == object && f.Never })
		answered, refused := ejections[name+":80"], ejections[name+":"+strconv.Itoa(closedPort)]
		if out := answered+refused > 0; never == out {
			t.Errorf("never ejects: lint says %t; its Envoy ejected %d times for answers and %d times for refusals, of %d pods:\n%s%+v",
				never, answered, refused, said.pods(object), text, said.Findings)
		}
		if never {
			nevers++
		}
	}
	t.Logf("%d rules, %d of which never eject; the seed is %d", n, nevers, seed)
	if nevers == 0 || nevers == n {
		t.Errorf("%d of %d rules never eject: too few to tell", nevers, n)
	}
}

// makeRandomRules makes services of one, two or three pods with a rule each, and
// returns the rules by name.
func makeRandomRules(t *testing.T, image string, n int, seed uint64) map[string]string {
	t.Helper()
	var all []manifest
	for name, pods := range map[string]int{"few": 1, "more": 2} {
		d := deploymentOf(atRandom, name, image, pods, fortioServer, nil)
		labels := d["spec"].(manifest)["template"].(manifest)["metadata"].(manifest)["labels"].(manifest)
		labels["sidecar.istio.io/inject"] = "false"
		all = append(all, d)
	}
	random, rules := rand.New(rand.NewPCG(seed, 11)), map[string]string{}
	for i := range n {
		name := fmt.Sprintf("rule%d", i)
		service := plainService(atRandom, name, []manifest{{"app": "few"}, {"app": "more"}, {"shop": "e2e"}}[random.IntN(3)])
		spec := service["spec"].(manifest)
		spec["ports"] = append(spec["ports"].([]any), manifest{"name": "http-closed", "port": closedPort, "targetPort": 9})
		var rule manifest
		rules[name] = linttest.RandomRule(random, name)
		if err := yaml.Unmarshal([]byte(rules[name]), &rule); err != nil {
			t.Fatal(err)
		}
		rule["metadata"].(manifest)["namespace"] = atRandom
		all = append(all, service, rule)
	}
	applyAll(t, all)
	kubectl(t, "-n", atRandom, "wait", "--for=condition=Available", "deployments", "--all", "--timeout", "60s")
	return rules
}

var ejectionsLine = regexp.MustCompile(`(?m)^cluster\.outbound\|(\d+)\|\|(rule\d+)\.` + atRandom + `\.svc\.cluster\.local;?\.outlier_detection\.ejections_enforced_total: (\d+)$`)

// ejectionsOf is how often beta's Envoy has ejected, by SERVICE:PORT.
func ejectionsOf(t *testing.T) (map[string]int, error) {
	t.Helper()
	text, err := asked(t, beta, "stats?filter=ejections_enforced_total")
	all := map[string]int{}
	for _, m := range ejectionsLine.FindAllStringSubmatch(text, -1) {
		if all[m[2]+":"+m[1]], err = strconv.Atoi(m[3]); err != nil {
			return nil, err
		}
	}
	return all, err
}
