package lint

import (
	"encoding/json"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	networking "istio.io/api/networking/v1alpha3"

	"istio-circuit-breaker/internal/effective"
)

// dated is of a rule what decides among several of one host.
type dated struct {
	created  time.Time // zero where the text does not say
	revision string
	spec     json.RawMessage   // nil where Istio takes no such rule
	wide     *effective.Object // what object said, of a wildcard: it is asked for often
}

func datedOf(in text, root *yaml.Node) dated {
	d := dated{spec: in.spec, revision: word(root, "metadata", "labels", "istio.io/rev")}
	d.created, _ = time.Parse(time.RFC3339, word(root, "metadata", "creationTimestamp")) // not said is not known
	if _, spec := get(root, "spec"); spec != nil && d.spec == nil {
		d.spec, _ = plain(spec)
	}
	return d
}

// plain is a node as JSON.
func plain(n *yaml.Node) (text []byte, err error) {
	var value any
	if err := decoded(n, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// object is the rule as internal/effective takes it; false where Istio takes no
// such rule.
func (l *Linter) object(r *destinationRule) (effective.Object, bool) {
	if r.wide != nil {
		return *r.wide, true
	}
	spec := &networking.DestinationRule{}
	if r.spec == nil || json.Unmarshal(r.spec, spec) != nil {
		return effective.Object{}, false
	}
	o := effective.Object{Namespace: l.within(r.object), Name: r.name, Created: r.created, Revision: r.revision, Spec: spec}
	if strings.HasPrefix(r.host, "*") {
		r.wide = &o
	}
	return o, true
}
