// Package lint says what the outlier detection of anybody's DestinationRules
// means, and where it means something else than it seems to say. Texts of YAML or
// JSON go in, of rules and of what stands beside them (VirtualServices, Services,
// workloads, rules of Prometheus); what each rule does, and findings with stable
// codes, come out. It reads no files and asks no cluster: what a cluster has is handed
// to it as objects (AddObject) and as what it is asked for (Live).
//
// What a rule does is said by internal/breaker. What Istio makes of objects is
// read in istio.io/istio of the version that the lab is built from: a block of a
// subset replaces the rule's block, and an entry of portLevelSettings replaces
// the whole policy (pilot/pkg/networking/util/util.go, MergeSubsetTrafficPolicy).
package lint
