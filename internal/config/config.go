package config

import (
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/naming"
)

// Project is the name in Pulumi.yaml and the prefix of every key of ours.
const Project = naming.Project

// Config is a complete and valid configuration: every default is filled in.
type Config struct {
	Namespace Namespace
	Outlier   Outlier
	// RuleFile is a DestinationRule of the user's, in place of Outlier, LoadBalancer
	// and Locality; empty for none. RuleName says which one of the file.
	RuleFile, RuleName string
	// Given is what RuleFile says, once whoever has the file has read it.
	Given    *breaker.Rule
	Replicas Replicas
	// FaultyCode is the status that faulty pods answer.
	FaultyCode int32
	// MaxDelay bounds the faulty pods' random delay; 0 answers at once.
	MaxDelay time.Duration
	// LoadBalancer is the simple balancer by Istio's name; empty leaves the
	// choice to the mesh.
	LoadBalancer string
	// Locality is localityLbSetting.enabled: true where callers prefer the pods of
	// their own zone, as Istio has them do wherever a rule ejects.
	Locality bool
	Image    Image
	// PullSecret is what the nodes pull the image with; zero where they need none.
	PullSecret PullSecret
	Istio      Istio
	// Client is false where no client pod is wanted.
	Client bool
	// TakeOver is the owner, as its objects' labels name it, whose objects become
	// this stack's; empty for nobody's.
	TakeOver string
	// Secrets are the names of the settings that were set as secrets.
	Secrets []string
}

// Namespace is where everything but the mesh goes.
type Namespace struct {
	Name string
	// Existing namespaces get the injection label and lose it at destroy, but
	// are never made or deleted.
	Existing bool
}

// Outlier is the rule as configured.
type Outlier struct {
	Enabled           bool
	ConsecutiveErrors uint32
	BaseEjectionTime  time.Duration
	Interval          time.Duration
	// MaxEjectionPercent is the configured share, or, where it was not
	// configured, the least that lets every faulty pod go.
	MaxEjectionPercent int32
}

// Replicas are the numbers of pods behind the Service.
type Replicas struct{ Healthy, Faulty int32 }

// Total is how many pods the percentage is a share of.
func (r Replicas) Total() int32 { return r.Healthy + r.Faulty }

// Image says where ServiceX comes from. One of Repository (build and push) and
// Reference (take as is) is used; Reference wins. With neither, the registry is
// that of the cluster.
type Image struct {
	Repository, PullRepository, Reference, Platform string
}

// Istio says whether and how the mesh is installed.
type Istio struct {
	Install bool
	Version string
	// ChartRepository is a URL, or a folder that holds base/ and istiod/.
	ChartRepository string
	Hub, Tag        string // empty: what the chart says
	// Revision is that of a mesh which is there already; empty: its default.
	Revision string
	// ClusterDomain is what the names of services end in; empty: what the cluster
	// says.
	ClusterDomain string
	// Values are merged over ours, and win.
	Values   map[string]any
	KeepCRDs bool
	// Timeout bounds each step of the installation.
	Timeout time.Duration
}

// ChartsInFolder reports whether the charts are in a folder, which holds one
// version, whatever Version says.
func (i Istio) ChartsInFolder() bool { return !strings.Contains(i.ChartRepository, "://") }

// Rule is what the configuration says to Envoy. Why consecutive5xxErrors is 0:
// see the DestinationRule in infra.
func (c Config) Rule() breaker.Rule {
	if c.Given != nil {
		return *c.Given
	}
	r := breaker.Rule{Enabled: c.Outlier.Enabled, Balancer: c.LoadBalancer, Locality: new(c.Locality)}
	if !c.Outlier.Enabled {
		return r
	}
	errors, off := c.Outlier.ConsecutiveErrors, uint32(0)
	r.ConsecutiveGatewayErrors, r.Consecutive5xxErrors = &errors, &off
	r.BaseEjectionTime, r.Interval = c.Outlier.BaseEjectionTime, c.Outlier.Interval
	r.MaxEjectionPercent = c.Outlier.MaxEjectionPercent
	return r
}
