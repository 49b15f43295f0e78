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
	host     string
	rules    []rival
	mesh     effective.Mesh
	service  string                         // the service's namespace, where it is known
	undated  bool                           // the texts do not say which is older
	of       map[string][]effective.Object  // by namespace
	subsets  map[string]int                 // how many rules have one of the name
	has      map[string]effective.Result    // of each caller and subset
	prepared map[string]*effective.Prepared // for callers of a namespace; "" is for those of any without rules
	reversed *contest                       // with the ages the other way round
	places   map[string]string              // of the rules, by namespace/name
}

// rival is a rule of a contest.
type rival struct {
	*destinationRule
	effective.Object
	full string // namespace/name
}

// overlaps finds rules that some callers of a host do not have, as others of the
// host come before them.
func (l *Linter) overlaps() {
	exact, wild := l.byHost()
	wide := map[*destinationRule]*wideLoss{} // hosts of wildcards are told in one finding
	for _, host := range hostsOf(l, exact, wild) {
		all, n := rulesFor(host, exact, wild)
		if n < 2 || !l.spent.affords(n*stepsOfRule, all[0][0]) {
			continue
		}
		c, is := l.contest(host, slices.Concat(all...))
		if !is {
			continue
		}
		callers := c.callers()
		if !l.spent.affords(c.work(callers), all[0][0]) {
			continue
		}
		byNamespace := map[string][]caller{}
		for _, from := range callers {
			byNamespace[from.namespace] = append(byNamespace[from.namespace], from)
		}
		for _, r := range c.rules {
			if r.aside || strings.HasPrefix(r.host, "*") && (len(r.blocks) == 0 || host != r.host && len(wild[host]) > 0) {
				continue
			}
			reached := byNamespace[r.Object.Namespace]
			if c.shares(r) {
				reached = callers
			}
			lost := c.loses(r, reached, len(reached) == len(callers))
			switch {
			case lost == nil:
			case strings.HasPrefix(r.host, "*") && r.host != host:
				wide[r.destinationRule] = wide[r.destinationRule].and(lost)
			default:
				l.add(lost.finding())
			}
		}
	}
	for _, r := range l.rules {
		if lost := wide[r]; lost != nil {
			l.add(lost.ofAll())
		}
	}
	if f, is := l.spent.finding(l); is {
		l.add(f)
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
		of := exact[host]
		if len(of) == 0 {
			of = wild[host]
		}
		if len(of) > 0 && of[0] == r {
			all = append(all, host)
		}
	}
	return all
}

// rulesFor are those that are for a host, its own first, and how many they are.
func rulesFor(host string, exact, wild map[string][]*destinationRule) (all [][]*destinationRule, n int) {
	take := func(of []*destinationRule) {
		if len(of) > 0 {
			all = append(all, of)
			n += len(of)
		}
	}
	take(exact[host])
	take(wild[host])
	for i := range host {
		if i > 0 || host[0] != '*' {
			take(wild["*"+host[i:]])
		}
	}
	if host != "*" {
		take(wild["*"])
	}
	return all, n
}

// contest is the one for a host; false where there is nothing to tell.
func (l *Linter) contest(host string, all []*destinationRule) (*contest, bool) {
	if !slices.ContainsFunc(all, func(r *destinationRule) bool { return len(r.blocks) > 0 }) {
		return nil, false
	}
	c := &contest{host: host, mesh: l.options.Mesh, service: l.serviceNamespace(host), subsets: map[string]int{}, places: map[string]string{}}
	for _, r := range all {
		if o, is := l.object(r); is {
			c.undated = c.undated || o.Created.IsZero()
			c.rules = append(c.rules, rival{r, o, o.String()})
			if r.text.name != "" {
				c.places[o.String()] = r.where()
			}
		}
	}
	for i := range c.rules {
		if c.undated { // in the order of the texts
			c.rules[i].Created = time.Unix(int64(i), 0)
		}
		if len(c.rules[i].Spec.GetSubsets()) == 0 {
			continue
		}
		of := map[string]bool{}
		for _, s := range c.rules[i].Spec.GetSubsets() {
			of[s.GetName()] = true
		}
		for name := range of {
			c.subsets[name]++
		}
	}
	c.settle()
	return c, len(c.rules) > 1
}

// settle takes the rules as they are from now on.
func (c *contest) settle() {
	c.has, c.prepared, c.of = map[string]effective.Result{}, map[string]*effective.Prepared{}, map[string][]effective.Object{}
	for _, r := range c.rules {
		c.of[r.Object.Namespace] = append(c.of[r.Object.Namespace], r.Object)
	}
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

// all is what a caller has of all the rules.
func (c *contest) all(from caller, subset string) effective.Result {
	key := from.String() + "\x00" + subset
	if _, known := c.has[key]; !known {
		c.has[key] = c.compute(c.rulesOf(from), from, subset)
	}
	return c.has[key]
}

// alone is what a caller would have were a rule the only one.
func (c *contest) alone(r rival, from caller, subset string) effective.Result {
	return c.compute(effective.Prepare([]effective.Object{r.Object}, c.mesh), from, subset)
}

func (c *contest) compute(rules *effective.Prepared, from caller, subset string) effective.Result {
	return rules.Compute(effective.Caller{Namespace: from.namespace, Labels: from.labels},
		effective.Service{Host: c.host, Namespace: c.service, Subset: subset})
}

// shares is whether istiod looks into the namespace of a rule for every caller.
func (c *contest) shares(r rival) bool {
	return r.Object.Namespace == c.service || r.Object.Namespace == c.root()
}

// rulesOf are those that a caller may have: istiod looks into three namespaces, and
// what is in others costs time.
func (c *contest) rulesOf(from caller) *effective.Prepared {
	own := from.namespace
	if len(c.of[own]) == 0 || own == c.service || own == c.root() {
		own = ""
	}
	if c.prepared[own] == nil {
		rules := slices.Concat(c.of[own], c.of[c.service])
		if c.root() != c.service {
			rules = append(rules, c.of[c.root()]...)
		}
		c.prepared[own] = effective.Prepare(rules, c.mesh)
	}
	return c.prepared[own]
}

func (c *contest) root() string {
	if root := c.mesh.Config.GetRootNamespace(); root != "" {
		return root
	}
	return "istio-system"
}
