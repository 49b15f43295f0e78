package inventory

import (
	"fmt"
	"slices"
	"strconv"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/target"

	corev1 "k8s.io/api/core/v1"
)

// Has is what a caller's Envoy has for some ports of a service, or for a subset of it.
type Has struct {
	Ports  []int32 `json:"ports"`
	Subset string  `json:"subset,omitempty"`
	// Pods is how many are hosts of the Envoy; 0: none is, or it is not known.
	Pods   int `json:"pods"`
	Result effective.Result
}

// Has is what the caller has: for the service as a whole, and for each subset that
// its rules declare. Ports with the same are told once.
func (c *Call) Has() (all []Has) {
	labels, names := map[string]map[string]string{"": nil}, []string{""}
	for _, rule := range c.rules {
		for _, s := range rule.Spec.GetSubsets() {
			if _, known := labels[s.GetName()]; !known {
				names = append(names, s.GetName())
				labels[s.GetName()] = nil
			}
		}
	}
	for _, subset := range names {
		for _, port := range c.Service.Spec.Ports {
			result := c.compute(port.Port, subset)
			if result.NoCluster {
				continue // the subset is another host's, or of a rule that does not hold
			}
			if subset != "" {
				labels[subset] = c.labelsOf(result.Subset)
			}
			same := slices.IndexFunc(all, func(h Has) bool {
				return h.Subset == subset && fmt.Sprint(h.Result.Fields) == fmt.Sprint(result.Fields)
			})
			if same >= 0 {
				all[same].Ports = append(all[same].Ports, port.Port)
				continue
			}
			pods, _ := c.Pods(c.Service.Namespace, c.Service.Name, labels[subset])
			all = append(all, Has{[]int32{port.Port}, subset, pods.Hosts(result.Rule.MinHealthPercent), result})
		}
	}
	return all
}

func (c *Call) compute(port int32, subset string) effective.Result {
	return effective.Compute(c.rules, c.Mesh.Mesh, effective.Caller{Namespace: c.Caller.Namespace, Labels: c.Caller.Labels},
		effective.Service{Host: c.Host(), Namespace: c.Service.Namespace, Port: uint32(port), Subset: subset})
}

// labelsOf are those that a subset is of.
func (c *Call) labelsOf(declared effective.Origin) map[string]string {
	for _, rule := range c.rules {
		for i, s := range rule.Spec.GetSubsets() {
			if rule.String() == declared.Object && declared.Path == "spec.subsets["+strconv.Itoa(i)+"]" {
				return s.GetLabels()
			}
		}
	}
	return nil
}

// Headless is whether callers choose a pod's address themselves, so that their
// Envoys have no pods to choose from.
func (c *Call) Headless() bool { return c.Service.Spec.ClusterIP == corev1.ClusterIPNone }

// Selected is whether some workloads of the caller's namespace have another rule
// by its workloadSelector, where the caller is not known as a workload.
func (c *Call) Selected() bool {
	return c.Caller.Kind == target.WholeNamespace && slices.ContainsFunc(c.rules, func(o effective.Object) bool {
		return o.Namespace == c.Caller.Namespace && o.Spec.GetWorkloadSelector() != nil
	})
}
