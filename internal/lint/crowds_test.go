package lint

import (
	"fmt"
	"strings"
	"testing"
)

func rulesOf(n int, of func(i int) (name, namespace, host, spec string)) string {
	var text strings.Builder
	for i := range n {
		name, namespace, host, spec := of(i)
		fmt.Fprintf(&text, "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: %s, namespace: %s}\nspec: {host: %s, %s trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3}}}\n", name, namespace, host, spec)
	}
	return text.String()
}

func twoRulesOf(t *testing.T, text string) (all []Finding) {
	for _, f := range report(t, Options{}, text).Findings {
		if f.Code == twoRules {
			all = append(all, f)
		}
	}
	return all
}

func TestManyRulesOfOneHostAreToldAsFewAre(t *testing.T) {
	const host = "reviews.shop.svc.cluster.local"
	own := func(i int) (string, string, string, string) { return "r", fmt.Sprint("ns-", i), host, "" }
	if all := twoRulesOf(t, rulesOf(800, own)); len(all) > 0 {
		t.Errorf("each namespace has its own rule, and got %d findings: %+v", len(all), all[0])
	}
	each := func(i int) (string, string, string, string) {
		return fmt.Sprint("r", i), "shop", host, fmt.Sprintf("exportTo: [ns-%d],", i)
	}
	if all := twoRulesOf(t, rulesOf(100, each)); len(all) > 0 {
		t.Errorf("each namespace has a rule for it, and got %d findings: %+v", len(all), all[0])
	}
	all := twoRulesOf(t, rulesOf(1, func(int) (string, string, string, string) { return "a", "shop", host, "" })+rulesOf(100, own))
	if len(all) != 1 || !strings.Contains(all[0].Text, "ns-26 and 80 others") || strings.Contains(all[0].Text, "ns-99") {
		t.Fatalf("got %+v, want one finding that names 20 of 100 namespaces", all)
	}
	named := 0
	for _, c := range all[0].Callers {
		named += len(c.From)
	}
	if named != 100 {
		t.Errorf("machines are told of %d callers, want all", named)
	}
}

func TestWhatIsTooMuchToSayIsTold(t *testing.T) {
	const host = "reviews.shop.svc.cluster.local"
	crowd := rulesOf(2000, func(i int) (string, string, string, string) {
		return fmt.Sprint("r", i), "shop", host, fmt.Sprintf("exportTo: [ns-%d],", i)
	})
	pair := rulesOf(2, func(i int) (string, string, string, string) { return fmt.Sprint("p", i), "shop", "ratings", "" })
	all := twoRulesOf(t, crowd+pair)
	if len(all) != 2 || !strings.HasPrefix(all[0].Text, "There are so many rules for "+host) || all[1].Object != "DestinationRule shop/p1" {
		t.Errorf("got %+v, want that one host is too much, and what the other has", all)
	}
}
