package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"

	"istio-circuit-breaker/internal/effective"
)

// everywhere are the findings without their lines.
func everywhere(r Report) (all []string) {
	for _, f := range r.Findings {
		all = append(all, strings.Join([]string{f.Object, f.Field, string(f.Severity), f.Code, f.Text}, " "))
	}
	slices.Sort(all)
	return all
}

// An object means in a cluster what it means in a file.
func TestAnObjectOfAClusterIsJudgedAsInAFile(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	compared := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		inFile, live := New(Options{Pods: 2}), New(Options{Pods: 2})
		if err := inFile.Add("", content); err != nil {
			t.Fatal(err)
		}
		strict := true // an API server keeps what is so
		err = parse("", content, func(_ text, root *yaml.Node) {
			object, err := plain(root)
			if strict = strict && err == nil && root.Kind == yaml.MappingNode; !strict {
				return
			}
			if err := live.AddObject(object, false); err != nil {
				t.Error(file, err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strict {
			continue
		}
		compared++
		if diff := cmp.Diff(everywhere(inFile.Report()), everywhere(live.Report())); diff != "" {
			t.Errorf("%s (-file +cluster):\n%s", file, diff)
		}
	}
	if compared < 45 {
		t.Errorf("only %d files were compared", compared)
	}
}

func TestWhatIsAsideIsNotJudged(t *testing.T) {
	l := New(Options{Namespace: "shop"})
	for _, o := range []struct {
		text  string
		aside bool
	}{
		{`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"cart","namespace":"shop","creationTimestamp":"2026-11-24T10:00:00Z"},"spec":{"host":"cart","trafficPolicy":{"outlierDetection":{"consecutiveErrors":1}}}}`, true},
		{`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"later","namespace":"shop","creationTimestamp":"2026-11-24T10:00:01Z"},"spec":{"host":"cart","trafficPolicy":{"outlierDetection":{"consecutive5xxErrors":5,"maxEjectionPercent":50}}}}`, false},
	} {
		if err := l.AddObject([]byte(o.text), o.aside); err != nil {
			t.Fatal(err)
		}
	}
	r := l.Report()
	var codes []string
	for _, f := range r.Findings {
		if f.Object != "DestinationRule shop/later" || f.Line != 0 || f.File != "" {
			t.Errorf("got %+v", f)
		}
		codes = append(codes, f.Code)
	}
	if len(r.Rules) != 1 || !slices.Contains(codes, twoRules) {
		t.Errorf("got %q of %+v", codes, r.Rules)
	}
}

// A port's entry without outlierDetection takes the mesh's default policy.
func TestAPortTakesTheMeshsDefault(t *testing.T) {
	const rule = `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"cart","namespace":"shop"},"spec":{"host":"cart","trafficPolicy":{"outlierDetection":{"consecutive5xxErrors":5},"portLevelSettings":[{"port":{"number":80}}]}}}`
	def := &v1alpha1.MeshConfig{DefaultTrafficPolicy: &v1alpha1.MeshConfig_DefaultTrafficPolicy{OutlierDetection: &networking.OutlierDetection{}}}
	for want, config := range map[Severity]*v1alpha1.MeshConfig{Error: nil, Warning: def} {
		l := New(Options{Mesh: effective.Mesh{Config: config}})
		if err := l.AddObject([]byte(rule), false); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(l.Report().Findings, func(f Finding) bool { return f.Code == portLoses && f.Severity == want })
		if i < 0 {
			t.Errorf("no %s of %s", want, portLoses)
		}
	}
}

func TestAnObjectThatIsNoJSONIsNamed(t *testing.T) {
	if err := New(Options{}).AddObject([]byte("{"), false); err == nil || !strings.Contains(err.Error(), "decoding an object") {
		t.Errorf("got %v", err)
	}
}

// What the mesh says of zones holds where a rule says nothing of them.
func TestTheMeshSaysWhichZonesAreCalled(t *testing.T) {
	const own, any = "loadBalancer: {localityLbSetting: {}}, ", ""
	off := &v1alpha1.MeshConfig{LocalityLbSetting: &networking.LocalityLoadBalancerSetting{Enabled: wrapperspb.Bool(false)}}
	spread := &v1alpha1.MeshConfig{LocalityLbSetting: &networking.LocalityLoadBalancerSetting{FailoverPriority: []string{"version"}}}
	for _, tt := range []struct {
		mesh   *v1alpha1.MeshConfig
		policy string
		want   bool
	}{{nil, any, true}, {off, any, false}, {off, own, true}, {spread, any, false}, {spread, own, true}} {
		l := New(Options{Mesh: effective.Mesh{Config: tt.mesh}})
		text := "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: a, trafficPolicy: {" + tt.policy + "outlierDetection: {maxEjectionPercent: 50}}}\n"
		if err := l.Add("a.yaml", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if has := slices.ContainsFunc(l.Report().Findings, func(f Finding) bool { return f.Code == ownZone }); has != tt.want {
			t.Errorf("%v, %q: says %s: %t", tt.mesh, tt.policy, ownZone, has)
		}
	}
}
