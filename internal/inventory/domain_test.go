package inventory

import (
	"strings"
	"testing"

	"istio-circuit-breaker/internal/target"

	"github.com/google/go-cmp/cmp"
)

// injectorOfShop is of what the injector's ConfigMap holds the part that is read.
const injectorOfShop = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system}
data:
  values: '{"global":{"istioNamespace":"istio-system","proxy":{"clusterDomain":"corp.internal","logLevel":"warning"}},"revision":""}'
`

func TestAClusterOfAnotherDomainIsJudgedAsAnyOther(t *testing.T) {
	all := Scope{Namespace: "shop", All: true}
	found := func(objects string) []string {
		t.Helper()
		i, err := Read(t.Context(), clusterOf(t, objects), all)
		if err != nil {
			t.Fatal(err)
		}
		return codes(t, i)
	}
	usual := shop + "---" + meshOfShop
	other := strings.ReplaceAll(usual, "cluster.local", "corp.internal")
	want := found(usual)
	if diff := cmp.Diff(want, found(other+"---"+injectorOfShop)); diff != "" {
		t.Errorf("findings (-cluster.local +corp.internal):\n%s", diff)
	}
	if diff := cmp.Diff(want, found(other)); diff == "" {
		t.Error("the domain makes no difference to what is found: this test shows nothing")
	}
}

func TestACallOfAnotherDomainIsReadByItsFullName(t *testing.T) {
	cluster := clusterOf(t, strings.ReplaceAll(shop, "cluster.local", "corp.internal")+"---"+callers+"---"+meshOfShop+"---"+injectorOfShop)
	cart, from := target.Target{Service: "cart", Namespace: "shop", Domain: "corp.internal"}, target.Caller{Kind: target.WholeNamespace, Namespace: "elsewhere"}
	c, err := ReadCall(t.Context(), cluster, cart, from)
	if err != nil {
		t.Fatal(err)
	}
	has := c.Has()
	if c.Host() != "cart.shop.svc.corp.internal" || len(has) == 0 || field(has[0].Result, "consecutive5xxErrors").Origin.Object != "shop/cart" {
		t.Errorf("%s has %+v", c.Host(), has)
	}
	cart.Domain = "cluster.local"
	_, err = ReadCall(t.Context(), cluster, cart, from)
	if err == nil || !strings.Contains(err.Error(), "must be of the domain corp.internal") {
		t.Errorf("the usual domain is taken for this cluster's: %v", err)
	}
}
