package lint

import (
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/effective"
)

// contest is a host that several rules are for: what each caller has of them is
// said by internal/effective.
type contest struct {
	host    string
	rules   []rival
	mesh    effective.Mesh
	service string                      // the service's namespace, where it is known
	undated bool                        // the texts do not say which is older
	has     map[string]effective.Result // of each caller and subset
}

// rival is a rule of a contest.
type rival struct {
	*destinationRule
	effective.Object
}

// overlaps finds rules that some callers of a host do not have, as others of the
// host come before them.
func (l *Linter) overlaps() {
	exact, wild := l.byHost()
	wide := map[*destinationRule]*loss{} // hosts of wildcards are told in one finding
	for _, host := range hostsOf(l, exact, wild) {
		c, is := l.contest(host, exact, wild)
		if !is {
			continue
		}
		callers := c.callers()
		for _, r := range c.rules {
			if r.aside || strings.HasPrefix(r.host, "*") && (len(r.blocks) == 0 || host != r.host && len(wild[host]) > 0) {
				continue
			}
			lost := c.loses(r, callers)
			switch {
			case lost == nil:
			case strings.HasPrefix(r.host, "*") && r.host != host:
				wide[r.destinationRule] = lost.and(wide[r.destinationRule])
			default:
				l.add(lost.finding())
			}
		}
	}
	for _, r := range l.rules {
		if lost := wide[r]; lost != nil {
			l.add(lost.finding())
		}
	}
}

// byHost are the rules by their hosts in full, each object once.
func (l *Linter) byHost() (exact, wild map[string][]*destinationRule) {
	exact, wild = map[string][]*destinationRule{}, map[string][]*destinationRule{}
	seen := map[[2]string]bool{}
	for _, r := range l.rules {
		host, name := l.fullHost(r.host, r.object), [2]string{l.within(r.object), r.name}
		if host == "" || seen[name] {
			continue
		}
		seen[name] = true
		if strings.HasPrefix(host, "*") {
			wild[host] = append(wild[host], r)
		} else {
			exact[host] = append(exact[host], r)
		}
	}
	return exact, wild
}

// hostsOf are all hosts, in the order of the texts.
func hostsOf(l *Linter, exact, wild map[string][]*destinationRule) (all []string) {
	for _, r := range l.rules {
		host := l.fullHost(r.host, r.object)
		if of := append(exact[host], wild[host]...); len(of) > 0 && of[0] == r {
			all = append(all, host)
		}
	}
	return all
}

// contest is the one for a host; false where there is nothing to tell.
func (l *Linter) contest(host string, exact, wild map[string][]*destinationRule) (*contest, bool) {
	all := slices.Clone(exact[host])
	for i := range host {
		all = append(all, wild["*"+host[i:]]...)
	}
	all = append(all, wild["*"]...)
	if strings.HasPrefix(host, "*") {
		all = append(slices.Clone(wild[host]), slices.DeleteFunc(all, func(r *destinationRule) bool { return slices.Contains(wild[host], r) })...)
	}
	if len(all) < 2 || !slices.ContainsFunc(all, func(r *destinationRule) bool { return len(r.blocks) > 0 }) {
		return nil, false
	}
	c := &contest{host: host, mesh: l.options.Mesh, service: l.serviceNamespace(host), has: map[string]effective.Result{}}
	for _, r := range all {
		if o, is := l.object(r); is {
			c.undated = c.undated || o.Created.IsZero()
			c.rules = append(c.rules, rival{r, o})
		}
	}
	if c.undated {
		for i := range c.rules { // in the order of the texts
			c.rules[i].Created = time.Unix(int64(i), 0)
		}
	}
	return c, len(c.rules) > 1
}

// serviceNamespace is the namespace of a host's Service or ServiceEntry.
func (l *Linter) serviceNamespace(host string) string {
	if name, is := strings.CutSuffix(host, l.domain()); is {
		_, namespace, _ := strings.Cut(name, ".")
		return namespace
	}
	if all := l.cluster.external[host]; len(all) > 0 {
		return all[len(all)-1].namespace
	}
	return ""
}

// of is what a caller has of all the rules.
func (c *contest) of(from caller, subset string) effective.Result {
	key := from.String() + "\x00" + subset
	if _, known := c.has[key]; !known {
		c.has[key] = c.compute(c.rules, from, subset)
	}
	return c.has[key]
}

// compute is what a caller has of some of the rules.
func (c *contest) compute(rules []rival, from caller, subset string) effective.Result {
	var objects []effective.Object
	for _, r := range rules {
		// istiod looks into three namespaces, and what is in others costs time.
		if o := r.Object; o.Namespace == from.namespace || o.Namespace == c.service || o.Namespace == c.root() {
			objects = append(objects, o)
		}
	}
	return effective.Compute(objects, c.mesh, effective.Caller{Namespace: from.namespace, Labels: from.labels},
		effective.Service{Host: c.host, Namespace: c.service, Subset: subset})
}

func (c *contest) root() string {
	if root := c.mesh.Config.GetRootNamespace(); root != "" {
		return root
	}
	return "istio-system"
}
