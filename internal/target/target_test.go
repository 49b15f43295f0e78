package target

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestAServiceIsNamedInAnyForm(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Target
	}{
		{"reviews", Target{Service: "reviews", Namespace: "shop"}},
		{"reviews.prod", Target{Service: "reviews", Namespace: "prod"}},
		{"reviews.prod.svc", Target{Service: "reviews", Namespace: "prod"}},
		{"reviews.prod.svc.corp.example", Target{Service: "reviews", Namespace: "prod", Domain: "corp.example"}},
	} {
		if got, err := Parse(tt.text, "shop"); err != nil || got != tt.want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", tt.text, got, err, tt.want)
		}
	}
}

func TestWhatIsNoServiceIsRefused(t *testing.T) {
	for _, text := range []string{"", ".", "reviews.", ".prod", "Reviews", "reviews.prod.pod.x", "reviews.prod.svc.", "a|b", "reviews/prod"} {
		if got, err := Parse(text, "shop"); err == nil || !strings.Contains(err.Error(), "must be NAME") {
			t.Errorf("Parse(%q) = %+v, %v, want a refusal", text, got, err)
		}
	}
}

func TestAClusterIsNamedAsEnvoyNamesIt(t *testing.T) {
	own := Target{Service: "reviews", Namespace: "prod", Port: 9080, Subset: "v1"}
	name := "outbound|9080|v1|reviews.prod.svc.cluster.local"
	if got := own.Cluster(); got != name {
		t.Errorf("got %q, want %q", got, name)
	}
	own.Domain = Domain
	if got, ok := ParseCluster(name); !ok || got != own {
		t.Errorf("ParseCluster = %+v, %t, want %+v", got, ok, own)
	}
	for _, other := range []string{"", "inbound|9080||", "outbound|80||example.com", "outbound|80|reviews.prod.svc.cluster.local", "outbound|x||a.b.svc.c", "BlackHoleCluster"} {
		if got, ok := ParseCluster(other); ok {
			t.Errorf("ParseCluster(%q) = %+v, want none", other, got)
		}
	}
}

// What Envoy is asked for and what is taken of its answer are the same clusters.
func TestTheClustersOfATargetAreThoseAskedFor(t *testing.T) {
	all := []string{
		"outbound|80||a.b.svc.cluster.local", "outbound|80|v1|a.b.svc.cluster.local", "outbound|81||a.b.svc.cluster.local",
		"outbound|80||a.b.svc.corp.example", "outbound|80||xa.b.svc.cluster.local", "outbound|80||a.bc.svc.cluster.local", "inbound|80||", "outbound|80||a-b.svc.cluster.local",
	}
	for _, tt := range []struct {
		name   string
		target Target
		want   int
	}{
		{"every port and subset", Target{Service: "a", Namespace: "b"}, 4},
		{"one port", Target{Service: "a", Namespace: "b", Port: 80}, 3},
		{"one subset", Target{Service: "a", Namespace: "b", Subset: "v1"}, 1},
		{"one domain", Target{Service: "a", Namespace: "b", Domain: "corp.example"}, 1},
		{"another service", Target{Service: "c", Namespace: "b"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := url.Parse(tt.target.ClustersPath())
			if err != nil {
				t.Fatal(err)
			}
			filter, has := regexp.MustCompile(u.Query().Get("filter")), 0
			for _, name := range all {
				if tt.target.Has(name) != filter.MatchString(name) {
					t.Errorf("%s: taken %t, asked for %t", name, tt.target.Has(name), filter.MatchString(name))
				}
				if tt.target.Has(name) {
					has++
				}
			}
			if has != tt.want {
				t.Errorf("got %d clusters, want %d", has, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"a", "a.b", "a.b.svc.c.d", "a.b.pod"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text, "n")
		if err != nil {
			return
		}
		got.Port = 80
		again, ok := ParseCluster(got.Cluster())
		if !ok || again.Service != got.Service || again.Namespace != got.Namespace || !got.Has(got.Cluster()) {
			t.Errorf("%q is %+v, whose cluster is read as %+v, %t", text, got, again, ok)
		}
	})
}
