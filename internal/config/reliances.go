package config

import (
	"encoding/json"
	"slices"
	"strings"
)

// outlierLog is where the chart takes the file of Envoy's outlier log from.
const outlierLog = "global.proxy.outlierLogPath"

// reliance is a value of istiod's chart that the stack counts on.
type reliance struct {
	path    string
	only    []any  // that it may have; empty for what may not be set at all
	unless  []any  // or, where only is empty, the ones that it may not have
	setting string // or the one that says it
	why     string
	instead string // what to do, after "leave it out"
}

func (r reliance) takes(v any) bool {
	if len(r.unless) > 0 {
		return !slices.Contains(r.unless, scalar(v))
	}
	return slices.Contains(r.only, scalar(v))
}

// scalar is a JSON value that == can be asked of: no list and no object is any of
// the table's.
func scalar(v any) any {
	switch v.(type) {
	case []any, map[string]any:
		return struct{}{}
	}
	return v
}

// allowed is what the value may be, for the error.
func (r reliance) allowed() string {
	if r.setting != "" { // which may be a secret
		return "that of " + r.setting
	}
	var words []string
	for _, v := range r.only {
		if text, err := json.Marshal(v); err == nil && v != nil {
			words = append(words, string(text))
		}
	}
	return strings.Join(words, " or ")
}

// domains are what a value may say of the cluster's domain: the setting alone.
func (d *draft) domains() []any {
	if d.Istio.ClusterDomain == "" {
		return nil // the value and what is found could differ
	}
	return []any{d.Istio.ClusterDomain}
}

// reliances are all of them, in the order of the errors. That of a value which
// the stack itself sets does not have nil: it would take the stack's away.
func (d *draft) reliances() []reliance {
	const (
		nothing  = "nothing would inject sidecars"
		another  = "; a mesh of another form is one that is there already: pulumi config set istio.install false"
		names    = "is the name of a ConfigMap that the stack looks for, and looks after"
		whole    = "the stack needs the whole of the chart"
		meshHome = "the stack's mesh is in istio-system"
	)
	all := []reliance{
		{path: "revision", only: []any{nil, ""}, instead: another + ", and its istio.revision",
			why: "the stack's namespace is labelled istio-injection=enabled, for which a mesh with a revision injects nothing"},
		{path: "global.istioNamespace", only: []any{nil, "istio-system"}, why: meshHome},
		{path: "global.resourceScope", only: []any{nil, "all"}, why: whole},
		{path: "global.operatorManageWebhooks", only: []any{nil, false}, why: nothing},
		{path: "global.omitSidecarInjectorConfigMap", only: []any{nil, false}, why: nothing},
		{path: "env.INJECT_ENABLED", only: []any{nil, true, "true"}, why: nothing},
		{path: "configMap", only: []any{nil, true}, why: "istiod would not get the stack's " + discoverySelectors},
		{path: "profile", unless: []any{"remote"}, why: "is a mesh whose istiod is elsewhere", instead: another},
		{path: "global.profile", unless: []any{"remote"}, why: "is a mesh whose istiod is elsewhere", instead: another},
		{path: "istiodRemote.enabled", only: []any{nil, false}, why: "is a mesh whose istiod is elsewhere", instead: another},
		{path: "env.ISTIO_WATCH_NAMESPACE", only: []any{nil, ""}, why: "istiod would look at one namespace alone"},
		{path: "env.ENABLE_CA_SERVER", only: []any{nil, true, "true"}, why: "sidecars would get no certificates", instead: another},
		{path: "env.ENABLE_CLUSTER_TRUST_BUNDLE_API", only: []any{nil, false, "false"}, instead: another,
			why: "istiod would leave a ClusterTrustBundle behind when the stack goes"},
		{path: "global.trustBundleName", only: []any{nil, "", "istio-ca-root-cert"}, why: names},
		{path: "env.PILOT_CA_CERT_CONFIGMAP", only: []any{nil, "istio-ca-root-cert"}, why: names},
		{path: "crlConfigMapName", only: []any{nil, "", "istio-ca-crl"}, why: names},
		{path: "env.PILOT_CRL_CONFIGMAP", only: []any{nil, "istio-ca-crl"}, why: names},
		{path: "global.proxy.clusterDomain", only: d.domains(), setting: "clusterDomain", why: "the rule's host is of the domain that clusterDomain says, or the cluster", instead: ": pulumi config set clusterDomain DOMAIN"},
		{path: outlierLog, only: []any{"/dev/stdout"}, why: "observe reads ejections in the sidecar's log"},
		{path: "defaults", why: "the chart takes values without it: defaults.hub is hub"},
		{path: "_internal_defaults_do_not_set", why: "the chart says not to set it: its values stand without it"},
	}
	for _, image := range []struct{ name, ours string }{{"hub", d.Istio.Hub}, {"tag", d.Istio.Tag}} {
		if image.ours == "" {
			continue // then the chart's is the user's to change
		}
		setting := "istio." + image.name
		for _, path := range []string{image.name, "global." + image.name} {
			all = append(all, reliance{path: path, only: []any{image.ours}, setting: setting, why: "contradicts " + setting, instead: ", or pulumi config rm " + setting})
		}
	}
	return all
}
