package lint

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Live is what a cluster has now.
type Live interface {
	// Pods is how many pods of a service there are, of those with the labels;
	// false where that is not known.
	Pods(namespace, service string, labels map[string]string) (Pods, bool)
	// KnowsServices is whether the services of a namespace could be read.
	KnowsServices(namespace string) bool
	// Headless is whether a service is known to have no address of its own.
	Headless(namespace, service string) bool
}

// Pods are how many there are; those that are going are none.
type Pods struct{ Ready, NotReady int }

// Hosts is how many of them are hosts of Envoy, and count in a percentage. Source:
// istio 1.31 pilot/pkg/xds/endpoints/endpoint_builder.go, supportsUnhealthyEndpoints.
func (p Pods) Hosts(minHealthPercent int32) int {
	if minHealthPercent > 0 {
		return p.Ready
	}
	return p.Ready + p.NotReady
}

// AddObject reads an object of a cluster, in JSON. One that is aside is not judged:
// it is there for what it does to others.
func (l *Linter) AddObject(object []byte, aside bool) error {
	var raw struct {
		Spec json.RawMessage `json:"spec"`
	}
	if err := json.Unmarshal(object, &raw); err != nil {
		return fmt.Errorf("decoding an object: %w", err)
	}
	root, err := nodeOf(object)
	if err != nil {
		return err
	}
	left := mostItems
	l.objects(text{aside: aside, spec: raw.Spec}, root, "", &left)
	return nil
}

// AddService notes that there is one.
func (l *Linter) AddService(namespace, name string) {
	l.cluster.namespaces[namespace] = true
	l.cluster.serves(name, namespace)
}

const meshKind = "MeshConfig"

// AddMesh reads MeshConfig's YAML, as the ConfigMap of a namespace has it, for the
// policy that holds where no rule has one.
func (l *Linter) AddMesh(namespace, name string, config []byte) error {
	return parse("", config, func(in text, root *yaml.Node) {
		o := &object{text: in, kind: meshKind, name: name, namespace: namespace}
		r := &destinationRule{object: o, at: map[place]*block{}}
		key, node := get(root, "defaultTrafficPolicy")
		l.layer(r, l.policyAt(o, node, o.at(key), "defaultTrafficPolicy", ""), nil, "", nil)
		l.rules = append(l.rules, r)
	})
}

// Read notes which part of a cluster was read, and what of it could not be.
func (l *Linter) Read(where string, unread []error) {
	l.report.Where = where
	for _, err := range unread {
		l.report.Unread = append(l.report.Unread, err.Error())
	}
}

// liveService is the service of a cluster that a rule's host is by its name.
func (l *Linter) liveService(r *destinationRule) (name, namespace string, is bool) {
	host, is := strings.CutSuffix(l.fullHost(r.host, r.object), l.domain())
	name, namespace, two := strings.Cut(host, ".")
	return name, namespace, is && two
}

// livePods is how many pods a block is for, and how that is known.
func (l *Linter) livePods(r *destinationRule, b *block) (int, string) {
	name, namespace, is := l.liveService(r)
	if !is {
		return 0, ""
	}
	pods, known := l.options.Live.Pods(namespace, name, b.labels)
	hosts := pods.Hosts(b.rule.MinHealthPercent)
	switch {
	case !known || hosts == 0:
		return 0, ""
	case hosts > pods.Ready:
		return hosts, fmt.Sprintf("%d ready now; from Istio 1.31 on the others count, too", pods.Ready)
	}
	return hosts, "ready now"
}

// unplace takes lines from what is in no file: those of objects of a cluster are
// of a text that nobody has.
func (l *Linter) unplace() {
	for i := range l.report.Findings {
		l.report.Findings[i].unplace()
	}
	for i := range l.report.Ignored {
		l.report.Ignored[i].unplace()
	}
	for i := range l.report.Rules {
		if m := &l.report.Rules[i]; m.File == "" {
			m.Position = Position{}
		}
	}
}

func (f *Finding) unplace() {
	if f.File == "" {
		f.Position = Position{}
	}
}
