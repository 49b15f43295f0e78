package lint

import (
	"fmt"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/spelling"
)

// serviceNames are the services that were read, by namespace.
func (l *Linter) serviceNames() map[string][]string {
	all := map[string][]string{}
	for name, namespaces := range l.cluster.services {
		for _, namespace := range namespaces {
			all[namespace] = append(all[namespace], name)
		}
	}
	for _, names := range all {
		slices.Sort(names)
	}
	return all
}

// multicluster is the domain of services of several clusters (KEP 1645), which is near
// that of one.
const multicluster = ".svc.clusterset.local"

// nowhere finds a host that is no service, as far as services are known: what was not
// read may have it.
func (l *Linter) nowhere(r *destinationRule, read map[string][]string) {
	host, own := l.fullHost(r.host, r.object), l.within(r.object)
	name, rest, _ := strings.Cut(host, ".")
	namespace, domain, three := strings.Cut(rest, ".")
	if domain = "." + domain; !three || len(l.cluster.external[host])+len(l.cluster.external[r.host]) > 0 || slices.Contains(read[namespace], name) && domain == l.domain() {
		return
	}
	if short := !strings.Contains(r.host, "."); short && (len(l.cluster.services[name]) > 0 || own == "istio-system") {
		return // shortHost says it
	}
	say := func(text, near string) {
		fix := "write the name of a service, or take the rule away"
		if near != "" {
			fix = "write " + near + l.domain()
		}
		l.add(r.found(noService, r.hostAt, "spec.host", text, pilotHosts, fix))
	}
	lower := strings.ToLower(name + "." + namespace)
	switch {
	case domain != l.domain():
		if domain != multicluster && spelling.Distance(domain, l.domain(), 3) < 3 {
			say(fmt.Sprintf("%q ends in %q, and services of Kubernetes in %q: the rule is in force for none.", r.host, domain, l.domain()), lower)
		}
	case lower != name+"."+namespace:
		say(fmt.Sprintf("%q has capitals, and no service of Kubernetes has: the rule is in force for none.", r.host), lower)
	default:
		l.missing(r, name, namespace, read, say)
	}
}

// missing finds a service that is not among those of its namespace that were read.
func (l *Linter) missing(r *destinationRule, name, namespace string, read map[string][]string, say func(text, near string)) {
	live := l.options.Live
	if live != nil && !live.KnowsServices(namespace) {
		return
	}
	near := ""
	if other := spelling.Nearest(name, read[namespace]); other != "" {
		near = other + "." + namespace
	} else if other := spelling.Nearest(namespace, slices.Sorted(slices.Values(l.cluster.services[name]))); other != "" {
		near = name + "." + other
	}
	text := fmt.Sprintf("There is no service %q in namespace %q", name, namespace)
	switch {
	case live != nil:
		say(text+": the rule is in force for none.", near)
	case near != "":
		say(text+" in what was read; there is "+near+".", near)
	case len(read[namespace]) > 0:
		f := r.found(noService, r.hostAt, "spec.host", text+" in what was read, and others are.", pilotHosts, "nothing to mend, if it is defined elsewhere")
		f.Severity = Info
		l.add(f)
	}
}
