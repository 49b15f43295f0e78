package linttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Case is a rule at random, what stands beside it, and a caller's way to it.
type Case struct {
	Text string // the rule, and the service with its workloads
	Rule string // the rule alone
	// Subset and Port are what the caller calls; a subset may be empty.
	Subset string
	Port   uint32
	// Hosts are those of the way in Envoy; 0 is that Envoy chooses none, as the
	// service has no address, or no resolution.
	Hosts int
}

// RandomCase is one of a rule with a policy, a subset's and ports', of any balancer,
// for a service of any kind.
func RandomCase(r *rand.Rand, name string) Case {
	var rule strings.Builder
	fmt.Fprintf(&rule, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: %[1]s}\nspec:\n  host: %[2]s\n", name, "HOST")
	policy(&rule, r, "  ", true)
	rule.WriteString("  subsets:\n")
	for _, version := range []string{"v1", "v2"} {
		fmt.Fprintf(&rule, "  - name: %[1]s\n    labels: {version: %[1]s}\n", version)
		policy(&rule, r, "    ", true)
	}
	c := Case{Subset: []string{"", "v1", "v2"}[r.IntN(3)], Port: []uint32{80, 81}[r.IntN(2)]}
	pods := map[string]int{"v1": 1 + r.IntN(3), "v2": 1 + r.IntN(3)}
	c.Hosts = pods[c.Subset]
	if c.Subset == "" {
		c.Hosts = pods["v1"] + pods["v2"]
	}
	host, kind, beside := name, r.IntN(6), ""
	switch kind {
	case 0, 1, 2:
		beside = fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: %[1]s}\nspec: {clusterIP: %[2]s, selector: {app: %[1]s}, ports: [{port: 80}, {port: 81}]}\n", name, []string{"10.0.0.1", `""`, "None"}[kind])
		for version, n := range pods {
			beside += fmt.Sprintf("---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %[1]s-%[2]s}\nspec: {replicas: %[3]d, template: {metadata: {labels: {app: %[1]s, version: %[2]s}}}}\n", name, version, n)
		}
	default:
		host = name + ".example.com"
		beside = fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: %s}\nspec:\n  hosts: [%s]\n  resolution: %s\n", name, host, []string{"STATIC", "NONE", "DNS_ROUND_ROBIN"}[kind-3])
		if kind == 3 {
			beside += "  endpoints:\n"
			for version, n := range pods {
				for i := range n {
					beside += fmt.Sprintf("  - {address: 192.0.2.%s%d, labels: {version: %s}}\n", version[1:], i, version)
				}
			}
		}
	}
	switch kind {
	case 2, 4:
		c.Hosts = 0
	case 5:
		c.Hosts = 1
	}
	c.Rule = strings.Replace(rule.String(), "HOST", host, 1)
	c.Text = c.Rule + "---\n" + beside
	return c
}

// policy is a trafficPolicy of some of its blocks, with an entry for a port now and then.
func policy(text *strings.Builder, r *rand.Rand, indent string, ports bool) {
	if r.IntN(4) == 0 {
		return
	}
	fmt.Fprintf(text, "%strafficPolicy:\n%s  connectionPool: {tcp: {maxConnections: 9}}\n", indent, indent)
	blocks(text, r, indent+"  ")
	if ports && r.IntN(3) == 0 {
		fmt.Fprintf(text, "%s  portLevelSettings:\n%s  - port: {number: 81}\n", indent, indent)
		blocks(text, r, indent+"    ")
	}
}

func blocks(text *strings.Builder, r *rand.Rand, indent string) {
	switch r.IntN(7) {
	case 0:
		fmt.Fprintf(text, "%sloadBalancer: {simple: PASSTHROUGH}\n", indent)
	case 1:
		fmt.Fprintf(text, "%sloadBalancer: {consistentHash: {useSourceIp: true}}\n", indent)
	case 2, 3:
		fmt.Fprintf(text, "%sloadBalancer: {simple: %s, localityLbSetting: {enabled: %t}}\n", indent, balancers[r.IntN(len(balancers))], r.IntN(2) == 0)
	}
	if r.IntN(4) > 0 {
		fmt.Fprintf(text, "%soutlierDetection:\n", indent)
		outlier(text, r, indent+"  ")
	}
}
