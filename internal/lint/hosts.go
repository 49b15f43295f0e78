package lint

import (
	"fmt"
	"slices"
	"strings"
)

// domain is what Istio puts behind a short host; a cluster may have another, which
// is the same for all objects.
const domain = ".svc.cluster.local"

// within is the namespace of an object.
func (l *Linter) within(o *object) string {
	if o.namespace == "" {
		return l.options.Namespace
	}
	return o.namespace
}

// fullHost is a host as Istio takes it: one without a dot is of the object's
// namespace.
func (l *Linter) fullHost(host string, o *object) string {
	if host == "" || host == "*" || strings.ContainsAny(host, ".:") {
		return host
	}
	return host + "." + l.within(o) + domain
}

// hosts finds hosts that are of another service than they seem to be, or of none.
func (l *Linter) hosts() {
	for _, r := range l.rules {
		if len(r.blocks) == 0 || r.host == "" {
			continue
		}
		first, rest, dots := strings.Cut(r.host, ".")
		switch {
		case !dots:
			l.shortHost(r)
		case strings.HasPrefix(r.host, "*") || l.cluster.external[r.host]:
		case strings.HasSuffix(rest, ".svc") && strings.Count(rest, ".") == 1, rest != "" && l.cluster.namespaces[rest]:
			namespace := strings.TrimSuffix(rest, ".svc")
			l.add(r.found(hostNotExpanded, r.hostAt, "spec.host",
				fmt.Sprintf("Istio expands a host only if it has no dot: %q fits no service of Kubernetes, and the rule is in force for none.", r.host),
				pilotHosts, fmt.Sprintf("write %s.%s%s", first, namespace, domain)))
		}
	}
}

func (l *Linter) shortHost(r *destinationRule) {
	own := l.within(r.object)
	in := l.cluster.services[r.host]
	// Of what belongs in the root namespace the names start with istio.
	if slices.Contains(in, own) || len(in) == 0 && (own != "istio-system" || strings.HasPrefix(r.host, "istio")) {
		return
	}
	text, fix := fmt.Sprintf("The short host %q is %s.%s%s, and there is no such service in what was read", r.host, r.host, own, domain), "write the host in full"
	if len(in) > 0 {
		text += fmt.Sprintf("; there is one in namespace %s", strings.Join(in, ", "))
		fix = fmt.Sprintf("write %s.%s%s", r.host, in[0], domain)
	}
	l.add(r.found(shortHost, r.hostAt, "spec.host", text+".", pilotHosts, fix))
}

// overlaps finds rules of one namespace for one host. Istio merges them: of their
// policies that of the oldest holds, and so does each subset's.
func (l *Linter) overlaps() {
	type key struct{ namespace, host, exported string }
	first := map[key]*destinationRule{}
	for _, r := range l.rules {
		k := key{l.within(r.object), l.fullHost(r.host, r.object), r.exported}
		other := first[k]
		if other == nil {
			first[k] = r
			continue
		}
		if other.name == r.name || len(r.blocks)+len(other.blocks) == 0 {
			continue // the same object again, or nothing of ours
		}
		why := ""
		if r.policed && other.policed {
			why = "the trafficPolicy of the one that was made first holds, and that of the other is not in force"
		}
		for _, s := range r.subsets {
			if slices.Contains(other.subsets, s) {
				why = fmt.Sprintf("the subset %q of the one that was made first holds, and that of the other is not in force", s)
			}
		}
		if why != "" {
			l.add(r.found(twoRules, r.hostAt, "spec.host", fmt.Sprintf("%s, in %s, is for the same host: %s.", other.object, other.where(), why),
				pilotRules, "merge the two into one"))
		}
	}
}

func (o *object) where() string { return fmt.Sprintf("%s:%d", o.text.name, o.place.Line) }
