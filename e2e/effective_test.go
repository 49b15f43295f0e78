//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/effective/layout"
	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/translate"
	"istio-circuit-breaker/internal/wait"
)

// shownIn is how long an Envoy may take to have what the API server was told;
// remountedIn the same for MeshConfig, which istiod reads from a mounted file.
const (
	shownIn     = 10 * time.Second
	remountedIn = 90 * time.Second
)

// anyRuleAnyService: what is computed of DestinationRules is what a real istiod
// has made of the same ones in the Envoys of real callers, layout by layout.
func anyRuleAnyService(t *testing.T) {
	layouts, err := layout.Read("../internal/effective/testdata/layouts", layoutPlaces)
	if err != nil || len(layouts) < 60 {
		t.Fatalf("%d layouts, %v", len(layouts), err)
	}
	// Those of another mesh first: what comes after shows that it is as it was.
	slices.SortStableFunc(layouts, func(a, b layout.Layout) int { return len(b.Mesh) - len(a.Mesh) })
	if os.Getenv("LAYOUTS") == "" { // else all of them: make layouts-live
		layouts = someOf(layouts)
	}
	defer wideMesh(t)() // the callers have namespaces of their own
	before := everything(t)
	defer func() {
		if more := beyond(before, everything(t)); len(more) > 0 {
			t.Errorf("left in the cluster: %q", more)
		}
	}()
	defer removeLayouts(t)
	makeCallers(t, layouts)
	mesh := meshOfLayouts{original: meshConfig(t)}
	defer mesh.restore(t)
	calls := 0
	for i, l := range layouts {
		t.Run(l.Name, func(t *testing.T) {
			limit := shownIn
			if mesh.set(t, l.Mesh) {
				limit = remountedIn
			}
			defer kubectl(t, "delete", "destinationrules", "--all-namespaces", "--selector", layoutLabel+",layout-fence!=true")
			applyRules(t, l, i)
			renew(t, l)
			rules := rulesOf(t)
			err := wait.For(t.Context(), "the callers to have what is computed", limit, 100*time.Millisecond, func(context.Context) error {
				return hasWhatIsComputed(t, l, rules, i)
			})
			if err != nil {
				t.Error(err)
			}
			calls += len(l.Calls)
		})
	}
	t.Logf("%d calls in %d layouts", calls, len(layouts))
}

// someOf is every fifth layout, and those for which a caller has to be new.
func someOf(all []layout.Layout) []layout.Layout {
	var some []layout.Layout
	for i, l := range all {
		if i%5 == 0 || len(l.Renew) > 0 {
			some = append(some, l)
		}
	}
	return some
}

// rulesOf are all DestinationRules of the cluster, with the dates that it gave them.
func rulesOf(t *testing.T) []effective.Object {
	t.Helper()
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	decode(t, kubectl(t, "get", "destinationrules", "--all-namespaces", "-o", "json"), &list)
	var all []effective.Object
	for _, text := range list.Items {
		o, err := effective.ParseObject(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// hasWhatIsComputed looks at each caller once: whether it has the last fence, and
// so all that was written before it, and of each call what is computed.
func hasWhatIsComputed(t *testing.T, l layout.Layout, rules []effective.Object, n int) error {
	t.Helper()
	var errs []error
	for name, from := range l.Callers {
		dump, err := clustersOf(t, name, from, l)
		if err != nil {
			return err
		}
		for _, c := range append([]layout.Call{fenceCall(name)}, l.Calls...) {
			if c.From != name {
				continue
			}
			if err := differs(dump, c, l.Compute(rules, c), n); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", c, err))
			}
		}
	}
	return errors.Join(errs...)
}

func differs(dump []byte, c layout.Call, computed effective.Result, n int) error {
	has, err := envoyadmin.ParseConfig(dump, c.Cluster())
	missing := errors.Is(err, envoyadmin.ErrNoCluster)
	switch {
	case err != nil && !missing:
		return err
	case missing && computed.NoCluster:
		return nil
	case missing || computed.NoCluster:
		return fmt.Errorf("has a cluster: %t, computed: %t", !missing, !computed.NoCluster)
	case c.Host == fenceHost && (has.Outlier == nil || has.Outlier.Any5xx != fence(n)):
		return errors.New("istiod has not pushed the layout yet")
	}
	if all := translate.Differences(computed.Rule, has); len(all) > 0 {
		return fmt.Errorf("%s; considered: %+v", strings.Join(all, "; "), computed.Considered)
	}
	return nil
}

// clustersOf is a caller's configuration of the clusters of a layout and the fence.
func clustersOf(t *testing.T, name string, from layout.Caller, l layout.Layout) ([]byte, error) {
	t.Helper()
	hosts := regexp.QuoteMeta(fenceHost)
	for _, c := range l.Calls {
		hosts += "|" + regexp.QuoteMeta(c.Host)
	}
	path := "config_dump?resource=dynamic_active_clusters&name_regex=" + url.QueryEscape(`outbound\|[0-9]+\|[^|]*\|(`+hosts+");?")
	o := attempt(t, "kubectl", "-n", from.Namespace, "exec", "layout-"+name, "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", path)
	if o.exit != 0 {
		return nil, fmt.Errorf("asking the Envoy of %s: %s", name, o.all())
	}
	return []byte(o.stdout), nil
}
