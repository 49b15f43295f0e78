package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"
	"istio-circuit-breaker/internal/pulumitest"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// aNode is a node of a platform; with taint effects, or "cordoned", it takes no
// pods.
func aNode(name, platform string, off ...string) node {
	var n node
	n.Metadata.Name = name
	n.Status.NodeInfo.OperatingSystem, n.Status.NodeInfo.Architecture, _ = strings.Cut(platform, "/")
	for _, effect := range off {
		if effect == "cordoned" {
			n.Spec.Unschedulable = true
			continue
		}
		n.Spec.Taints = append(n.Spec.Taints, struct {
			Effect string `json:"effect"`
		}{effect})
	}
	return n
}

func TestPlatformIsThatOfTheNodes(t *testing.T) {
	many := []node{aNode("arm", "linux/arm64")}
	for i := range 5 {
		many = append(many, aNode(fmt.Sprintf("n%d", i), "linux/amd64"))
	}
	const only = "is not set, and the nodes are of more than one: "
	for name, c := range map[string]struct {
		set     string
		nodes   []node
		want    string // the platform, or
		problem string
		warning string
	}{
		"no node yet":                    {"", nil, "", "", ""},
		"one":                            {"", []node{aNode("a", "linux/arm64")}, "linux/arm64", "", ""},
		"several of a kind":              {"", []node{aNode("a", "linux/amd64"), aNode("b", "linux/amd64")}, "linux/amd64", "", ""},
		"a kind that cannot be set":      {"", []node{aNode("a", "linux/s390x")}, "linux/s390x", "", ""},
		"one that does not say":          {"", []node{aNode("a", ""), aNode("b", "linux/amd64")}, "linux/amd64", "", ""},
		"a control plane of another":     {"", []node{aNode("a", "linux/amd64", "NoSchedule"), aNode("b", "linux/arm64")}, "linux/arm64", "", ""},
		"one on its way out":             {"", []node{aNode("a", "linux/amd64", "cordoned"), aNode("b", "linux/arm64", "PreferNoSchedule")}, "linux/arm64", "", ""},
		"none that takes pods right now": {"", []node{aNode("a", "linux/arm64", "NoExecute")}, "linux/arm64", "", ""},
		"a mix":                          {"", []node{aNode("b", "linux/arm64"), aNode("a", "windows/amd64")}, "", only + "linux/arm64 (b), windows/amd64 (a)", ""},
		"a mix of many":                  {"", many, "", only + "linux/amd64 (n0, n1, n2 and 2 more), linux/arm64 (arm)", ""},
		"as it is set":                   {"linux/arm64", []node{aNode("a", "linux/arm64")}, "linux/arm64", "", ""},
		"set, no node yet":               {"linux/arm64", nil, "linux/arm64", "", ""},
		"another than is set": {"linux/arm64", []node{aNode("a", "linux/amd64")}, "linux/arm64", "",
			"image.platform is linux/arm64, but nodes are linux/amd64 (a): pods do not start there, unless the node emulates it; pulumi config rm image.platform"},
		"a mix, and one is set": {"linux/arm64", many, "linux/arm64", "",
			"image.platform is linux/arm64, but nodes are linux/amd64 (n0, n1, n2 and 2 more): pods do not start there"},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := (&fakeAPI{nodes: c.nodes}).start(t)()
			if err != nil {
				t.Fatal(err)
			}
			got, note, err := askForPlatform(t.Context(), server, config.Image{Repository: "you/servicex", Platform: c.set})
			switch {
			case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
				t.Errorf("problem %v, want %q", err, c.problem)
			case c.problem == "" && (err != nil || got.Platform != c.want):
				t.Errorf("platform %q (%v), want %q", got.Platform, err, c.want)
			case note.warn != (c.warning != "") || !strings.HasPrefix(note.text, c.warning):
				t.Errorf("note %+v, want the warning %q", note, c.warning)
			}
		})
	}
}

func TestMixOfPlatformsIsToldBeforeAnythingIsMade(t *testing.T) {
	r := run{api: &fakeAPI{nodes: []node{aNode("a", "linux/amd64"), aNode("b", "linux/arm64"), aNode("c", "linux/arm64")},
		namespaces: map[string]map[string]string{"istio-system": nil}}}
	err := r.start(t)
	for _, want := range []string{
		"istio-circuit-breaker:image.platform: is not set, and the nodes are of more than one: linux/amd64 (a), linux/arm64 (b, c)",
		"fix: pulumi config set image.platform linux/arm64", `namespace "istio-system" exists already`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("running: %v\nwant %q", err, want)
		}
	}
	if keys := r.outside(); len(keys) > 0 {
		t.Errorf("registered %v", keys)
	}
}

func TestImageIsBuiltAndTaggedForTheNodes(t *testing.T) {
	r := run{api: &fakeAPI{nodes: []node{aNode("a", "linux/arm64")}}}
	r.must(t)
	built := r.engine.Resource(t, typeImage, "servicex")
	if got := built.Input("build", "platform"); got != "linux/arm64" {
		t.Errorf("built for %v", got)
	}
	if got, _ := built.Input("imageName").(string); !strings.HasSuffix(got, "-linux-arm64") {
		t.Errorf("pushed as %v", got)
	}
}

func TestPlatformIsDockersOwnWhereTheNodesCannotBeSeen(t *testing.T) {
	for name, r := range map[string]*run{
		"no right to list them":       {api: &fakeAPI{noRights: true}},
		"a preview without a cluster": {api: &fakeAPI{down: true}, preview: true},
	} {
		t.Run(name, func(t *testing.T) {
			r.must(t)
			built := r.engine.Resource(t, typeImage, "servicex")
			if got := built.Input("build", "platform"); got != nil {
				t.Errorf("built for %v", got)
			}
			if got, _ := built.Input("imageName").(string); !strings.HasSuffix(got, "-linux-"+runtime.GOARCH) {
				t.Errorf("pushed as %v", got)
			}
		})
	}
}

func TestImageThatIsThereAsksNothingOfTheNodes(t *testing.T) {
	r := run{settings: settings{"image.reference": "you/servicex@" + digest},
		api: &fakeAPI{nodes: []node{aNode("a", "linux/amd64"), aNode("b", "linux/arm64")}}}
	r.must(t)
}

func TestWhatIsToldWhereThereIsNoClusterToAsk(t *testing.T) {
	const none = " is not set, and there is no cluster to ask: "
	gone := errors.New("dial tcp: connection refused")
	for want, cfg := range map[string]config.Image{
		"":                        {Reference: "you/servicex:1"},
		"image.repository" + none: {},
		"image.platform" + none:   {Repository: "you/servicex"},
	} {
		if got := unasked(cfg, gone); !strings.HasPrefix(got.text, want) || (want == "") != (got.text == "") || got.warn {
			t.Errorf("%+v: got %+v, want %q", cfg, got, want)
		}
	}
	if got := unasked(config.Image{Repository: "you/servicex", Platform: "linux/arm64"}, gone); got.text != "" {
		t.Errorf("all is set: got %+v", got)
	}
}

// A preview goes on where the cluster's answer is no, and tells what it was.
func TestAPreviewSaysWhyTheClusterCouldNotBeAsked(t *testing.T) {
	var seen sighting
	var engine pulumitest.Engine
	err := engine.Run(project, stack, true, func(ctx *pulumi.Context) (err error) {
		seen, err = program{connect: (&fakeAPI{noNamespaces: true}).start(t)}.look(ctx, config.Config{Namespace: config.Namespace{Name: "circuit-breaker"}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for want, cfg := range map[string]config.Image{
		"image.repository is not set, and the cluster did not say: ": {},
		"image.platform is not set, and the cluster did not say: ":   {Repository: "you/servicex"},
	} {
		got := unasked(cfg, seen.blind).text
		if !strings.HasPrefix(got, want) || !strings.Contains(got, `the API server answered 403: namespaces "circuit-breaker" is forbidden: User "dev" cannot get resource "namespaces"`) || strings.Contains(got, "no cluster") {
			t.Errorf("got %q, want %q and the API server's words", got, want)
		}
	}
}
