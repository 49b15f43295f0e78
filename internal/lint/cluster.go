package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// cluster is what the texts tell of services and of the pods behind them.
type cluster struct {
	namespaces map[string]bool
	services   map[string][]string // namespaces by name
	served     map[[2]string]bool  // name and namespace of each service
	selectors  map[string]map[string]string
	workloads  map[string][]*workload // by namespace and label
	// By namespace, kind and name: one object may be in several texts, of several
	// environments or as a patch.
	replicas map[string][]int // each number that a text says
	least    map[string]int   // minReplicas of autoscalers, the least of all
	headless map[string]bool  // Services by namespace and name: no text gives it an address
	external map[string][]*external
}

// workload makes pods with labels.
type workload struct {
	kind, name string
	labels     map[string]string
}

// anyNumber is that of a DaemonSet, and of one that cannot be read.
const anyNumber = -1

func newCluster() cluster {
	return cluster{namespaces: map[string]bool{}, services: map[string][]string{}, served: map[[2]string]bool{}, selectors: map[string]map[string]string{}, workloads: map[string][]*workload{},
		replicas: map[string][]int{}, least: map[string]int{}, headless: map[string]bool{}, external: map[string][]*external{}}
}

// serves notes that there is a service.
func (c *cluster) serves(name, namespace string) {
	if is := [2]string{name, namespace}; !c.served[is] {
		c.served[is] = true
		c.services[name] = append(c.services[name], namespace)
	}
}

// workload takes what an object tells of services and pods.
func (l *Linter) workload(o *object, root *yaml.Node) {
	c := &l.cluster
	namespace := l.within(o)
	switch o.kind {
	case "Namespace":
		c.namespaces[o.name] = true
	case "Service":
		c.serves(o.name, namespace)
		headless, known := c.headless[namespace+"/"+o.name]
		c.headless[namespace+"/"+o.name] = word(root, "spec", "clusterIP") == "None" && (headless || !known)
		if selector := labels(root, "spec", "selector"); len(selector) > 0 {
			c.selectors[namespace+"/"+o.name] = selector
		}
	case "HorizontalPodAutoscaler":
		least := 1
		if n, err := strconv.Atoi(word(root, "spec", "minReplicas")); err == nil {
			least = n
		}
		k := namespace + "/" + word(root, "spec", "scaleTargetRef", "kind") + "/" + word(root, "spec", "scaleTargetRef", "name")
		if other, is := c.least[k]; !is || least < other {
			c.least[k] = least
		}
	default:
		w := &workload{kind: o.kind, name: o.name, labels: labels(root, "spec", "template", "metadata", "labels")}
		k, replicas := namespace+"/"+o.kind+"/"+o.name, 1
		_, n := get(root, "spec", "replicas")
		if n != nil {
			var err error
			if replicas, err = strconv.Atoi(n.Value); err != nil {
				replicas = anyNumber
			}
		}
		if o.kind == "DaemonSet" {
			replicas = anyNumber
		}
		// A patch says nothing of what it leaves out.
		if (n != nil || len(w.labels) > 0) && !slices.Contains(c.replicas[k], replicas) {
			c.replicas[k] = append(c.replicas[k], replicas)
		}
		for label, value := range w.labels {
			k := labelled(namespace, label, value)
			c.workloads[k] = append(c.workloads[k], w)
		}
	}
}

// podsOf is how many pods a block is for, and what tells; 0 where nothing does.
// An autoscaler's least number counts: with more pods more may go.
// With least there may be more.
func (l *Linter) podsOf(r *destinationRule, b *block) (pods int, of string, least bool) {
	service, namespace, is := l.serviceOf(r)
	entries := l.entriesOf(r)
	switch {
	case !is && oneHost(entries):
		return 1, entries[0].String() + ", one host: " + entries[0].resolution, false
	case l.options.Pods > 0:
		return l.options.Pods, "", false
	case !is && len(entries) > 0:
		return endpointsOf(entries, b.labels)
	case l.options.Live != nil:
		pods, of = l.livePods(r, b)
		return pods, of, false
	case !is:
		return 0, "", false
	}
	selector := l.cluster.selectors[namespace+"/"+service]
	if len(selector) == 0 {
		return 0, "", false
	}
	counted := map[string]bool{} // each once, of how many texts it may be
	var all []string
	for _, w := range l.cluster.behind(namespace, selector) {
		k := namespace + "/" + w.kind + "/" + w.name
		if counted[k] || !within(w.labels, selector) || !within(w.labels, b.labels) {
			continue
		}
		counted[k] = true
		replicas, words := l.cluster.number(k)
		if replicas == anyNumber {
			return 0, "", false
		}
		pods += replicas
		all = append(all, fmt.Sprintf("%s %s%s", w.kind, w.name, words))
	}
	return pods, strings.Join(all, ", "), false
}

// number is how many pods a workload has, the least of what is said of it.
func (c *cluster) number(k string) (int, string) {
	if least, scaled := c.least[k]; scaled {
		return least, ""
	}
	all := slices.Sorted(slices.Values(c.replicas[k]))
	if all[0] == anyNumber || len(all) == 1 {
		return all[0], ""
	}
	return all[0], fmt.Sprintf(", the least of %s in what was read", strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", " and "), "[]"))
}

func labelled(namespace, label, value string) string {
	return namespace + "/" + label + "=" + value
}

// behind are the workloads with the rarest of a selector's labels, in the order of
// the texts.
func (c *cluster) behind(namespace string, selector map[string]string) []*workload {
	var least []*workload
	first := true
	for label, value := range selector {
		all := c.workloads[labelled(namespace, label, value)]
		if first || len(all) < len(least) {
			least, first = all, false
		}
	}
	return least
}

// serviceOf is the service in the texts that a rule's host is.
func (l *Linter) serviceOf(r *destinationRule) (name, namespace string, is bool) {
	host := l.fullHost(r.host, r.object)
	for i := range host {
		if host[i] != '.' {
			continue
		}
		name, rest := host[:i], host[i+1:]
		if namespace, is := strings.CutSuffix(rest, l.domain()); is && l.cluster.served[[2]string{name, namespace}] {
			return name, namespace, true
		}
		break
	}
	return "", "", false
}

// within tells whether labels have all that a selector wants.
func within(labels, selector map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return true
}
