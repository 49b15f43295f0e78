// Package linttest makes DestinationRules at random, for the tests of what lint says
// of a rule: on a simulated Envoy, and on a real one.
package linttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// RandomRule is a DestinationRule, of that name and for the host of that name, of the
// fields that decide whether pods go, each of them left out now and then.
func RandomRule(r *rand.Rand, name string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: %[1]s}\nspec:\n  host: %[1]s\n  trafficPolicy:\n    outlierDetection:\n      interval: 1s\n", name)
	maybe := func(name string, value any) {
		if r.IntN(3) > 0 {
			fmt.Fprintf(&text, "      %s: %v\n", name, value)
		}
	}
	maybe("consecutiveGatewayErrors", r.IntN(13))
	maybe("consecutive5xxErrors", []int{0, 0, 1, 3, 5, 7, 20}[r.IntN(7)])
	maybe("maxEjectionPercent", r.IntN(101))
	maybe("minHealthPercent", r.IntN(101))
	maybe("baseEjectionTime", []string{"10s", "30s", "7m"}[r.IntN(3)])
	if r.IntN(4) == 0 {
		text.WriteString("      splitExternalLocalOriginErrors: true\n")
		maybe("consecutiveLocalOriginFailures", r.IntN(7))
	}
	return text.String()
}
