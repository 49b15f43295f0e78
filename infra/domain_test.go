package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheDomainIsThatOfTheCluster(t *testing.T) {
	oneNode := []node{{}}
	oneNode[0].Metadata.Name = "lab"
	istiod := func(args ...any) map[string]any {
		return map[string]any{"metadata": map[string]any{"labels": map[string]string{revisionLabel: "default"}},
			"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{
				map[string]any{"name": "proxy", "args": []any{"--domain", "other.example"}}, map[string]any{"name": "discovery", "args": args}}}}}}
	}
	there := settings{"istio.install": "false"}
	for name, c := range map[string]struct {
		settings settings
		api      *fakeAPI
		preview  bool
		want     string
	}{
		"of the kubelet":                          {nil, &fakeAPI{nodes: oneNode, clusterDomain: "corp.internal"}, false, "corp.internal"},
		"of the kubelet, with a dot":              {nil, &fakeAPI{nodes: oneNode, clusterDomain: "corp.internal."}, false, "corp.internal"},
		"of the kubelet, the usual one":           {nil, &fakeAPI{nodes: oneNode, clusterDomain: "cluster.local"}, false, "cluster.local"},
		"a setting wins":                          {settings{"clusterDomain": "k8s.example"}, &fakeAPI{nodes: oneNode, clusterDomain: "corp.internal"}, false, "k8s.example"},
		"no right to list nodes":                  {nil, &fakeAPI{noRights: true}, false, "cluster.local"},
		"no right to ask kubelets":                {nil, &fakeAPI{nodes: oneNode}, false, "cluster.local"},
		"a kubelet without one":                   {nil, &fakeAPI{nodes: oneNode, clusterDomain: "."}, false, "cluster.local"},
		"no nodes":                                {nil, &fakeAPI{}, false, "cluster.local"},
		"of the mesh that is there":               {there, &fakeAPI{istiod: istiod("discovery", "--domain", "corp.internal"), nodes: oneNode, clusterDomain: "k8s.example"}, false, "corp.internal"},
		"of the mesh that is there, in one word":  {there, &fakeAPI{istiod: istiod("--domain=corp.internal", "--x")}, false, "corp.internal"},
		"of the kubelet, where istiod says none":  {there, &fakeAPI{istiod: istiod("discovery", "--domain"), nodes: oneNode, clusterDomain: "k8s.example"}, false, "k8s.example"},
		"a preview without a cluster":             {nil, &fakeAPI{down: true}, true, "cluster.local"},
		"a preview without a cluster and a value": {settings{"clusterDomain": "k8s.example"}, &fakeAPI{down: true}, true, "k8s.example"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run{settings: c.settings, api: c.api, preview: c.preview}
			r.must(t)
			host := "servicex-service.circuit-breaker.svc." + c.want
			if got := r.engine.Resource(t, typeRule, "servicex-service").Input("spec", "host"); got != host {
				t.Errorf("the rule is of host %v, want %s", got, host)
			}
			if !c.preview {
				if got := r.outputs["serviceURL"]; got != "http://"+host {
					t.Errorf("the address is %v", got)
				}
			}
			if c.settings["istio.install"] == "false" {
				return
			}
			var chart any // which has the usual one by itself
			if c.want != usualDomain {
				chart = c.want
			}
			istiod := r.engine.Resource(t, releaseType, istiodRelease)
			if diff := cmp.Diff(chart, istiod.Input("values", "global", "proxy", "clusterDomain")); diff != "" {
				t.Errorf("the chart's domain (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADomainThatIsNoneIsRefused(t *testing.T) {
	n := node{}
	n.Metadata.Name = "lab"
	r := run{api: &fakeAPI{nodes: []node{n}, clusterDomain: "Corp_Internal"}}
	err := r.start(t)
	const want = `reading the cluster's domain: "Corp_Internal", as the kubelet of node lab says, is no DNS domain`
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "hint: pulumi config set clusterDomain DOMAIN") {
		t.Errorf("%v\nwant %s", err, want)
	}
	if keys := r.outside(); len(keys) > 0 {
		t.Errorf("registered %v", keys)
	}
}
