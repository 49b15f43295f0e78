package lint

import (
	"fmt"
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
	least      map[string]int         // minReplicas by namespace, kind and name
	external   map[string]string      // namespaces of ServiceEntries by host
}

// workload makes pods with labels.
type workload struct {
	kind, name string
	labels     map[string]string
	replicas   int // -1: as many as there are nodes, or whatever an autoscaler says
}

func newCluster() cluster {
	return cluster{namespaces: map[string]bool{}, services: map[string][]string{}, served: map[[2]string]bool{}, selectors: map[string]map[string]string{}, workloads: map[string][]*workload{},
		least: map[string]int{}, external: map[string]string{}}
}

// serves notes that there is a service.
func (c *cluster) serves(name, namespace string) {
	if is := [2]string{name, namespace}; !c.served[is] {
		c.served[is] = true
		c.services[name] = append(c.services[name], namespace)
	}
}

func (l *Linter) serviceEntry(o *object, root *yaml.Node) {
	for _, h := range items(root, "spec", "hosts") {
		if h = resolved(h); h != nil {
			l.cluster.external[h.Value] = l.within(o)
		}
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
		if selector := labels(root, "spec", "selector"); len(selector) > 0 {
			c.selectors[namespace+"/"+o.name] = selector
		}
	case "HorizontalPodAutoscaler":
		least := 1
		if n, err := strconv.Atoi(word(root, "spec", "minReplicas")); err == nil {
			least = n
		}
		c.least[namespace+"/"+word(root, "spec", "scaleTargetRef", "kind")+"/"+word(root, "spec", "scaleTargetRef", "name")] = least
	default:
		w := &workload{kind: o.kind, name: o.name, labels: labels(root, "spec", "template", "metadata", "labels"), replicas: 1}
		if _, n := get(root, "spec", "replicas"); n != nil {
			replicas, err := strconv.Atoi(n.Value)
			if w.replicas = replicas; err != nil {
				w.replicas = -1
			}
		}
		if o.kind == "DaemonSet" {
			w.replicas = -1
		}
		for label, value := range w.labels {
			k := labelled(namespace, label, value)
			c.workloads[k] = append(c.workloads[k], w)
		}
	}
}

// podsOf is how many pods a block is for, and what tells; 0 where nothing does.
// An autoscaler's least number counts: with more pods more may go.
func (l *Linter) podsOf(r *destinationRule, b *block) (int, string) {
	if l.options.Pods > 0 {
		return l.options.Pods, ""
	}
	if l.options.Live != nil {
		return l.livePods(r, b)
	}
	service, namespace, is := l.serviceOf(r)
	if !is {
		return 0, ""
	}
	selector := l.cluster.selectors[namespace+"/"+service]
	if len(selector) == 0 {
		return 0, ""
	}
	pods, of := 0, ""
	for _, w := range l.cluster.behind(namespace, selector) {
		if !within(w.labels, selector) || !within(w.labels, b.labels) {
			continue
		}
		replicas := w.replicas
		if least, scaled := l.cluster.least[namespace+"/"+w.kind+"/"+w.name]; scaled {
			replicas = least
		}
		if replicas < 0 {
			return 0, ""
		}
		pods += replicas
		if of != "" {
			of += ", "
		}
		of += fmt.Sprintf("%s %s", w.kind, w.name)
	}
	return pods, of
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
