package effective

import (
	"fmt"
	"strconv"

	"istio-circuit-breaker/internal/breaker"
)

// Origin is where a value comes from.
type Origin struct {
	// Object is a DestinationRule by namespace/name, or MeshConfig; empty where
	// nobody sets the field.
	Object string `json:"object,omitempty"`
	// Path of the field in it, such as spec.trafficPolicy.outlierDetection.interval.
	Path string `json:"path,omitempty"`
	// Default is whose default holds where nobody sets the field: Envoy's or Istio's.
	Default string `json:"default,omitempty"`
}

func (o Origin) String() string {
	if o.Object == "" {
		return o.Default + "'s default"
	}
	return o.Object + " " + o.Path
}

// Whose defaults they are.
const (
	envoy = "Envoy"
	istio = "Istio"
)

// Field is a value in force.
type Field struct {
	// Name is the DestinationRule's.
	Name string `json:"name"`
	// Value is what is in force; "off" where a detector ejects nobody.
	Value  string `json:"value"`
	Origin Origin `json:"origin"`
}

// fields are the values in force. A field that is not set is not always off: Envoy
// ejects at five 5xx in a row unless it is told otherwise. A percentage of 0 cannot
// be told from one that is not set. Source: istio
// pilot/pkg/networking/core/cluster_traffic_policy.go, applyOutlierDetection; envoy
// api/envoy/config/cluster/v3/outlier_detection.proto.
func (l *layers) fields(mesh Mesh, r breaker.Rule) []Field {
	var all []Field
	outlier := l.now.outlier
	add := func(name, value string, set bool, unset string) {
		origin := Origin{Default: unset}
		if set {
			origin = Origin{Object: outlier.object, Path: outlier.path + "." + name}
		}
		all = append(all, Field{name, value, origin})
	}
	if r.Enabled {
		all = append(all, Field{"outlierDetection", "on", Origin{Object: outlier.object, Path: outlier.path}})
		add("consecutiveGatewayErrors", count(r.ConsecutiveGatewayErrors, "off"), r.ConsecutiveGatewayErrors != nil, envoy)
		add("consecutive5xxErrors", count(r.Consecutive5xxErrors, "5"), r.Consecutive5xxErrors != nil, envoy)
		add("interval", breaker.Short(r.Sweep()), r.Interval > 0, envoy)
		add("baseEjectionTime", breaker.Short(r.Base()), r.BaseEjectionTime > 0, envoy)
		add("maxEjectionPercent", fmt.Sprint(r.Percent()), r.MaxEjectionPercent > 0, envoy)
		add("minHealthPercent", fmt.Sprint(r.MinHealthPercent), r.MinHealthPercent > 0, istio)
		add("splitExternalLocalOriginErrors", strconv.FormatBool(r.SplitLocal), r.SplitLocal, envoy)
		if r.SplitLocal {
			own := r.ConsecutiveLocal != nil && *r.ConsecutiveLocal > 0 // Istio does not write 0
			value := "5"
			if own {
				value = count(r.ConsecutiveLocal, "")
			}
			add("consecutiveLocalOriginFailures", value, own, envoy)
		}
	} else {
		all = append(all, Field{"outlierDetection", "off", Origin{Object: "", Default: istio}})
	}
	return append(all, l.balancer(r), l.locality(mesh, r))
}

func (l *layers) balancer(r breaker.Rule) Field {
	f := Field{"loadBalancer", r.Balancer, Origin{Object: l.now.balancer.object, Path: l.now.balancer.path + ".simple"}}
	switch {
	case l.through != nil:
		f.Origin = Origin{Object: l.through.object, Path: l.through.path + ".simple"}
	case r.Balancer == "":
		f.Value, f.Origin = "LEAST_REQUEST", Origin{Default: istio}
	case l.now.balancer.value.GetConsistentHash() != nil:
		f.Origin.Path = l.now.balancer.path + ".consistentHash"
	}
	return f
}

// locality is whether callers prefer their own zone, which they do only with
// outlier detection.
func (l *layers) locality(mesh Mesh, r breaker.Rule) Field {
	f := Field{"localityLbSetting", "on", Origin{Default: istio}}
	if r.Locality != nil && !*r.Locality {
		f.Value = "off"
	}
	own := l.now.balancer.value.GetLocalityLbSetting()
	switch {
	case own.GetEnabled() != nil:
		f.Origin = Origin{Object: l.now.balancer.object, Path: l.now.balancer.path + ".localityLbSetting.enabled"}
	case own != nil:
		f.Origin = Origin{Object: l.now.balancer.object, Path: l.now.balancer.path + ".localityLbSetting"}
	case mesh.localityOff():
		f.Origin = Origin{Object: meshConfig, Path: "localityLbSetting.enabled"}
	}
	return f
}

// count is a threshold in force; 0 switches a detector off.
func count(n *uint32, unset string) string {
	switch {
	case n == nil:
		return unset
	case *n == 0:
		return "off"
	}
	return strconv.FormatUint(uint64(*n), 10)
}
