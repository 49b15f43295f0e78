package lint

import (
	"cmp"
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/target"
)

// domain is what Istio puts behind a short host and its namespace.
func (l *Linter) domain() string { return ".svc." + cmp.Or(l.options.Mesh.Domain, target.Domain) }

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
	return host + "." + l.within(o) + l.domain()
}

// hosts finds hosts that are of another service than they seem to be, or of none.
func (l *Linter) hosts() {
	read := l.serviceNames()
	for _, r := range l.rules {
		l.hostless(r)
		if len(r.blocks) == 0 || r.host == "" {
			continue
		}
		first, rest, dots := strings.Cut(r.host, ".")
		switch {
		case !dots:
			l.shortHost(r)
			l.nowhere(r, read)
		case strings.HasPrefix(r.host, "*") || l.cluster.external[r.host] != nil:
		case strings.HasSuffix(rest, ".svc") && strings.Count(rest, ".") == 1, rest != "" && l.cluster.namespaces[rest]:
			namespace := strings.TrimSuffix(rest, ".svc")
			l.add(r.found(hostNotExpanded, r.hostAt, "spec.host",
				fmt.Sprintf("Istio expands a host only if it has no dot: %q fits no service of Kubernetes, and the rule is in force for none.", r.host),
				pilotHosts, fmt.Sprintf("write %s.%s%s", first, namespace, l.domain())))
		default:
			l.nowhere(r, read)
		}
	}
}

func (l *Linter) shortHost(r *destinationRule) {
	own := l.within(r.object)
	if l.options.Live != nil && !l.options.Live.KnowsServices(own) {
		return
	}
	in := l.cluster.services[r.host]
	// Of what belongs in the root namespace the names start with istio.
	if l.cluster.served[[2]string{r.host, own}] || len(in) == 0 && (own != "istio-system" || strings.HasPrefix(r.host, "istio")) {
		return
	}
	text, fix := fmt.Sprintf("The short host %q is %s.%s%s, and there is no such service in what was read", r.host, r.host, own, l.domain()), "write the host in full"
	if len(in) > 0 {
		text += fmt.Sprintf("; there is one in namespace %s", few(in))
		fix = fmt.Sprintf("write %s.%s%s", r.host, in[0], l.domain())
	}
	l.add(r.found(shortHost, r.hostAt, "spec.host", text+".", pilotHosts, fix))
}

func (o *object) where() string { return fmt.Sprintf("%s:%d", o.text.name, o.place.Line) }
