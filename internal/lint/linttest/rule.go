// Package linttest makes DestinationRules at random, for the tests of what lint says
// of a rule: on a simulated Envoy, and on a real one.
package linttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// balancers are those that choose among all pods.
var balancers = []string{"ROUND_ROBIN", "RANDOM", "LEAST_REQUEST"}

// RandomRule is a DestinationRule, of that name and for the host of that name, of the
// fields that decide whether pods go, each of them left out now and then.
func RandomRule(r *rand.Rand, name string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: %[1]s}\nspec:\n  host: %[1]s\n  trafficPolicy:\n", name)
	if r.IntN(2) == 0 {
		fmt.Fprintf(&text, "    loadBalancer: {simple: %s}\n", balancers[r.IntN(len(balancers))])
	}
	text.WriteString("    outlierDetection:\n")
	outlier(&text, r, "      ")
	return text.String()
}

// outlier are the fields of outlierDetection.
func outlier(text *strings.Builder, r *rand.Rand, indent string) {
	fmt.Fprintf(text, "%sinterval: 1s\n", indent)
	maybe := func(name string, value any) {
		if r.IntN(3) > 0 {
			fmt.Fprintf(text, "%s%s: %v\n", indent, name, value)
		}
	}
	maybe("consecutiveGatewayErrors", r.IntN(13))
	maybe("consecutive5xxErrors", []int{0, 0, 1, 3, 5, 7, 20}[r.IntN(7)])
	maybe("maxEjectionPercent", r.IntN(101))
	maybe("minHealthPercent", r.IntN(101))
	maybe("baseEjectionTime", []string{"10s", "30s", "7m"}[r.IntN(3)])
	if r.IntN(4) == 0 {
		fmt.Fprintf(text, "%ssplitExternalLocalOriginErrors: true\n", indent)
		maybe("consecutiveLocalOriginFailures", r.IntN(7))
	}
}
