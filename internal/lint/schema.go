package lint

import (
	"fmt"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/spelling"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1alpha3"
)

// Messages of Istio's API by which fields are known.
var (
	ruleMessage    = (&networking.DestinationRule{}).ProtoReflect().Descriptor()
	outlierMessage = (&networking.OutlierDetection{}).ProtoReflect().Descriptor()
)

// schema looks for fields of a rule that Istio does not have, as far as they are
// meant for the breaker: all below outlierDetection and connectionPool, and
// elsewhere those whose names tell.
func (l *Linter) schema(o *object, n *yaml.Node, message protoreflect.MessageDescriptor, path string) {
	var seen []string
	all := entries(n)
	for _, e := range all {
		name := e.key.Value
		if slices.Contains(seen, name) {
			if message == outlierMessage || name == "outlierDetection" {
				l.add(o.found(duplicateField, o.at(e.key), dotted(path, name), fmt.Sprintf("%s is there twice: kubectl refuses it, and others take the last.", name),
					"kubernetes docs, field validation", "leave one of them"))
			}
			continue
		}
		seen = append(seen, name)
		field := byName(message, name)
		if field == nil {
			l.unknown(o, e, all, message, path)
			continue
		}
		below, value := messageOf(field), resolved(e.value)
		if below != outlierMessage && l.misshapen(o, field, e.value, path, message == outlierMessage) || below == nil {
			continue
		}
		switch {
		case value == nil && name == "outlierDetection":
			l.add(o.found(nullBlock, o.at(e.key), dotted(path, name), "outlierDetection is null, as if it was not there: nothing is ever ejected by it.",
				istioAPI, "write outlierDetection: {} for Envoy's defaults, or take the line away"))
		case value == nil:
		case field.IsList() && value.Kind == yaml.SequenceNode:
			for i, item := range value.Content {
				l.schema(o, item, below, dotted(path, name, index(i)))
			}
		case below == outlierMessage && template(value) != "":
			l.add(o.found(badValue, o.at(e.value), dotted(path, name), fmt.Sprintf("outlierDetection is the template %q, which was not rendered: what it will be is not known.", template(value)),
				istioCRD, "render templates first, such as with helm template"))
		case value.Kind == yaml.MappingNode:
			l.schema(o, value, below, dotted(path, name))
		case below == outlierMessage:
			l.add(o.found(badValue, o.at(e.value), dotted(path, name), "outlierDetection is no mapping of fields: the API server refuses the object.", istioCRD, "write its fields below it"))
		}
	}
}

func index(i int) string { return fmt.Sprintf("[%d]", i) }

func byName(m protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	return m.Fields().ByJSONName(name)
}

// unknown is a field, among its siblings, that a message does not have.
func (l *Linter) unknown(o *object, e entry, siblings []entry, m protoreflect.MessageDescriptor, path string) {
	name := e.key.Value
	const drops = "Istio has no %s here: kubectl refuses it, and whatever does not check drops it without a word."
	code, text := unknownField, fmt.Sprintf(drops, name)
	fix := "take it away"
	near := spelling.Nearest(name, names(m))
	pool := strings.Contains(path, "connectionPool")
	switch {
	case m != outlierMessage && (byName(outlierMessage, name) != nil || name == "outlierDetection"):
		code, fix = misplacedField, "move it to spec.trafficPolicy.outlierDetection"
		text += " What it says is not in force."
	case m == outlierMessage && foreign[spelling.Flat(name)] != "":
		if better := foreign[spelling.Flat(name)]; byName(outlierMessage, better) != nil {
			fix = "write " + better
		} else {
			text, fix = fmt.Sprintf(drops+" %s", name, better), "take it away; an EnvoyFilter could set it"
		}
	case near != "":
		fix = "write " + near
		if m != outlierMessage && !pool && !telling(near) && !holds(e.value, deepest) {
			return
		}
	case m == outlierMessage:
	case telling(name):
		if better := spelling.Nearest(name, names(outlierMessage)); better != "" {
			fix = "write " + better + " below spec.trafficPolicy.outlierDetection"
		} else {
			fix = "write what is meant below spec.trafficPolicy.outlierDetection, or connectionPool for limits"
		}
	case pool:
		if better := spelling.Nearest(name, poolNames()); better != "" {
			code, fix = misplacedField, "write "+better+" below the other of connectionPool's tcp and http"
		}
	case holds(e.value, deepest):
		fix = "move what is below it to spec.trafficPolicy.outlierDetection"
	default:
		return
	}
	f := o.found(code, o.at(e.key), dotted(path, name), text, istioCRD+"; kubernetes docs, field validation", fix)
	if code == unknownField && near != "" && alone(near, siblings) {
		f.edit = o.editOf(e.key, near, true)
	}
	l.add(f)
}

// alone tells whether one of the fields is a spelling of a name: of two it is not
// known which is meant.
func alone(name string, among []entry) bool {
	n := 0
	for _, e := range among {
		if spelling.Flat(e.key.Value) == spelling.Flat(name) {
			n++
		}
	}
	return n == 1
}

// telling tells whether a name is meant for a breaker.
func telling(name string) bool {
	name = spelling.Flat(name)
	for _, part := range []string{"outlier", "circuit", "breaker", "consecutive", "eject", "simplecb", "minhealthpercent"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// deepest is how far below an unknown field a breaker's are looked for.
const deepest = 3

// holds tells whether there is a breaker's field below a value.
func holds(n *yaml.Node, depth int) bool {
	if depth == 0 {
		return false
	}
	for _, e := range entries(n) {
		if telling(e.key.Value) || holds(e.value, depth-1) {
			return true
		}
	}
	if n = resolved(n); n != nil && n.Kind == yaml.SequenceNode {
		return slices.ContainsFunc(n.Content, func(item *yaml.Node) bool { return holds(item, depth-1) })
	}
	return false
}

func poolNames() []string {
	pool := (&networking.ConnectionPoolSettings{}).ProtoReflect().Descriptor().Fields()
	return append(names(pool.ByName("tcp").Message()), names(pool.ByName("http").Message())...)
}

func names(m protoreflect.MessageDescriptor) (all []string) {
	for i := range m.Fields().Len() {
		all = append(all, m.Fields().Get(i).JSONName())
	}
	return all
}

// foreign are fields of Envoy, of other meshes and of Istio's past, by their flat
// names: what Istio has instead, or why it has nothing. Source: envoy
// api/envoy/config/cluster/v3/outlier_detection.proto.
var foreign = map[string]string{
	"consecutivegatewayfailure": "consecutiveGatewayErrors", "consecutivegatewayfailures": "consecutiveGatewayErrors",
	"consecutive5xx": "consecutive5xxErrors", "consecutive5xxfailures": "consecutive5xxErrors", "httpconsecutiveerrors": "consecutive5xxErrors",
	"consecutivelocaloriginfailure": "consecutiveLocalOriginFailures", "splitexternalandlocalerrors": "splitExternalLocalOriginErrors",
	"httpdetectioninterval": "interval", "httpmaxejectionpercent": "maxEjectionPercent", "sleepwindow": "baseEjectionTime", "httpsleepwindow": "baseEjectionTime",
	"panicthreshold": "minHealthPercent", "healthypanicthreshold": "minHealthPercent",
	"maxejectiontime":                    "Envoy's 300s is in force, or a longer baseEjectionTime.",
	"maxejectiontimejitter":              "Envoy's is 0.",
	"alwaysejectonehost":                 "Envoy's is false: not even the first pod goes past maxEjectionPercent.",
	"enforcingconsecutive5xx":            "Istio writes 100 for a threshold above 0, and 0 for 0.",
	"enforcingsuccessrate":               "Istio writes 0: there is no detector of success rates.",
	"successrateminimumhosts":            "Istio switches the detector of success rates off.",
	"successraterequestvolume":           "Istio switches the detector of success rates off.",
	"successratestdevfactor":             "Istio switches the detector of success rates off.",
	"failurepercentagethreshold":         "Envoy's detector of failure percentages is off, and Istio has no field for it (istio/istio#35618).",
	"enforcingfailurepercentage":         "Envoy's detector of failure percentages is off, and Istio has no field for it (istio/istio#35618).",
	"failurepercentageminimumhost":       "Envoy's detector of failure percentages is off, and Istio has no field for it (istio/istio#35618).",
	"enforcingconsecutivegatewayfailure": "Istio writes 100 for a threshold above 0, and 0 for 0.",
}
