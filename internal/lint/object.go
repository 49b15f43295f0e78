package lint

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// object is a Kubernetes object of a text.
type object struct {
	text
	kind, name, namespace string
	// place is where it stands, and prefix its path in the document, where it is
	// an item of a List.
	place  Position
	prefix string
	ignores
	words string     // String, once it was asked for
	root  *yaml.Node // while it is read
}

func (o *object) String() string {
	if o.words != "" {
		return o.words
	}
	name := cmp.Or(o.name, "(without a name)")
	if o.namespace != "" {
		name = o.namespace + "/" + name
	}
	o.words = strings.TrimSpace(o.kind + " " + name)
	return o.words
}

// found is a finding in the object.
func (o *object) found(code string, at Position, field, text, source, fix string) Finding {
	return Finding{Code: code, Severity: severityOf[code], Object: o.String(), Field: o.prefix + field, File: o.text.name, Position: at,
		Text: text, Source: source, Fix: fix, of: o}
}

// mostItems bounds the objects of one document; aliases make many of little.
const mostItems = 200_000

// objects hands over every object of a document, also those in Lists.
func (l *Linter) objects(in text, root *yaml.Node, prefix string, left *int) {
	root = resolved(root)
	if root == nil || root.Kind != yaml.MappingNode || *left <= 0 {
		return
	}
	*left--
	kind, group := word(root, "kind"), word(root, "apiVersion")
	if list := items(root, "items"); list != nil && strings.HasSuffix(kind, "List") {
		for i, item := range list {
			l.objects(in, item, dotted(prefix+"items", index(i))+".", left)
		}
		return
	}
	group, _, _ = strings.Cut(group, "/")
	o := &object{text: in, kind: kind, name: word(root, "metadata", "name"), namespace: word(root, "metadata", "namespace"), place: in.at(root), prefix: prefix, root: root}
	defer func() { o.root = nil }() // or each text would be in memory as a whole
	if o.namespace != "" {
		l.cluster.namespaces[o.namespace] = true
	}
	switch {
	case group == ruleGroup && kind == ruleKind, misnamed(kind, group, root):
		l.ignores(o, root)
		l.destinationRule(o, root)
	case group == "networking.istio.io" && kind == "VirtualService":
		l.ignores(o, root)
		l.virtualService(o, root)
	case group == "networking.istio.io" && kind == "ServiceEntry":
		l.serviceEntry(o, root)
	case kind == "Service" || kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet" || kind == "HorizontalPodAutoscaler" || kind == "Namespace":
		l.workload(o, root)
	case group == "v1" && kind == "ConfigMap":
		l.ignores(o, root)
		l.configMap(o, root)
	case group == "monitoring.coreos.com" && kind == "PrometheusRule":
		l.ignores(o, root)
		l.queries(o, root, "spec", "groups")
	case kind == "" && group == "" && items(root, "groups") != nil:
		o.kind, o.name = "rule file", in.name
		l.queries(o, root, "groups")
	}
}
