package pulumitest_test

import (
	"errors"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/pulumitest"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// thing is a resource with one output.
type thing struct {
	pulumi.CustomResourceState
	Shade pulumi.StringOutput `pulumi:"shade"`
}

// twoThings registers "first" and, depending on it, "second" with its shade.
func twoThings(ctx *pulumi.Context) error {
	var first, second thing
	inputs := pulumi.Map{"shade": pulumi.String("red"), "list": pulumi.Array{pulumi.Map{"n": pulumi.Int(7)}}}
	if err := ctx.RegisterResource("test:index:Thing", "first", inputs, &first); err != nil {
		return err
	}
	return ctx.RegisterResource("test:index:Thing", "second", pulumi.Map{"shade": first.Shade}, &second,
		pulumi.DependsOn([]pulumi.Resource{&first}), pulumi.Version("1.2.3"))
}

func TestEngineRecordsWholeRegistrations(t *testing.T) {
	var e pulumitest.Engine
	if err := e.Run("project", "stack", false, twoThings); err != nil {
		t.Fatalf("running: %v", err)
	}
	if diff := cmp.Diff([]string{"test:index:Thing first", "test:index:Thing second"}, e.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	first, second := e.Resource(t, "test:index:Thing", "first"), e.Resource(t, "test:index:Thing", "second")
	if got := first.Input("list", 0, "n"); got != 7.0 {
		t.Errorf("input list[0].n = %v, want 7", got)
	}
	for _, path := range [][]any{{"none"}, {"list", 1}, {"list", -1}, {"shade", "deeper"}} {
		if got := first.Input(path...); got != nil {
			t.Errorf("input %v = %v, want nothing", path, got)
		}
	}
	if got := second.Input("shade"); got != "red" {
		t.Errorf("second's shade = %v, want that of the first", got)
	}
	if diff := cmp.Diff([]string{"first"}, second.DependsOn()); diff != "" {
		t.Errorf("dependencies (-want +got):\n%s", diff)
	}
	if got := second.RegisterRPC.GetVersion(); got != "1.2.3" {
		t.Errorf("version = %q, want 1.2.3", got)
	}
	if got, want := string(second.JSON(t)), "{\n  \"shade\": \"red\"\n}\n"; got != want {
		t.Errorf("JSON = %q, want %q", got, want)
	}
}

func TestEngineFailsTheChosenResourceOnly(t *testing.T) {
	e := pulumitest.Engine{Fail: func(_, name string) error {
		if name == "second" {
			return errors.New("no room")
		}
		return nil
	}}
	err := e.Run("project", "stack", false, twoThings)
	if err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("running: %v, want the provider's answer", err)
	}
	if len(e.Keys()) != 2 {
		t.Errorf("registered %v, want both", e.Keys())
	}
}

// nested registers a component, which tells its outputs, with two things in it: one
// that has been the stack's own, another that has had another name.
func nested(ctx *pulumi.Context) error {
	var part pulumi.ResourceState
	if err := ctx.RegisterComponentResource("test:index:Part", "part", &part); err != nil {
		return err
	}
	var moved, renamed thing
	if err := ctx.RegisterResource("test:index:Thing", "moved", pulumi.Map{}, &moved,
		pulumi.Parent(&part), pulumi.Aliases([]pulumi.Alias{{NoParent: pulumi.Bool(true)}})); err != nil {
		return err
	}
	if err := ctx.RegisterResource("test:index:Thing", "renamed", pulumi.Map{}, &renamed, pulumi.Parent(&part), pulumi.Aliases([]pulumi.Alias{
		{Name: pulumi.String("before")}, {URN: pulumi.URN("urn:pulumi:stack::project::test:index:Old::first")},
	})); err != nil {
		return err
	}
	return ctx.RegisterResourceOutputs(&part, pulumi.Map{})
}

func TestEngineTellsWhereAResourceIsAndWas(t *testing.T) {
	var e pulumitest.Engine
	if err := e.Run("project", "stack", false, nested); err != nil {
		t.Fatalf("running: %v", err)
	}
	const top, in = "urn:pulumi:stack::project::", "urn:pulumi:stack::project::test:index:Part$test:index:Thing::"
	for _, c := range []struct {
		typ, name, parent, urn string
		aliases                []string
	}{
		{"test:index:Part", "part", "", top + "test:index:Part::part", nil},
		{"test:index:Thing", "moved", "test:index:Part part", in + "moved", []string{top + "test:index:Thing::moved"}},
		{"test:index:Thing", "renamed", "test:index:Part part", in + "renamed", []string{in + "before", top + "test:index:Old::first"}},
	} {
		r := e.Resource(t, c.typ, c.name)
		if r.Parent() != c.parent || r.URN() != c.urn {
			t.Errorf("%s is %s in %q, want %s in %q", c.name, r.URN(), r.Parent(), c.urn, c.parent)
		}
		if diff := cmp.Diff(c.aliases, r.Aliases()); diff != "" {
			t.Errorf("%s was (-want +got):\n%s", c.name, diff)
		}
	}
	if got := e.Done(); got != 2 {
		t.Errorf("%d resources told their outputs, want the component and the stack", got)
	}
}

func TestEngineAddsOutputs(t *testing.T) {
	e := pulumitest.Engine{Outputs: func(args pulumi.MockResourceArgs) resource.PropertyMap {
		return resource.PropertyMap{"shade": resource.NewProperty("blue " + args.Name)}
	}}
	if err := e.Run("project", "stack", false, twoThings); err != nil {
		t.Fatalf("running: %v", err)
	}
	if got := e.Resource(t, "test:index:Thing", "second").Input("shade"); got != "blue first" {
		t.Errorf("second's shade = %v, want the first's output", got)
	}
}

func TestEngineTellsPreviewFromUpdate(t *testing.T) {
	for _, want := range []bool{true, false} {
		var e pulumitest.Engine
		var got bool
		if err := e.Run("project", "stack", want, func(ctx *pulumi.Context) error {
			got = ctx.DryRun()
			return nil
		}); err != nil {
			t.Fatalf("running: %v", err)
		}
		if got != want {
			t.Errorf("dry run = %v, want %v", got, want)
		}
	}
}

func TestEngineAnswersNoCalls(t *testing.T) {
	var e pulumitest.Engine
	_, err := e.Call(pulumi.MockCallArgs{Token: "test:index:look"})
	if err == nil || err.Error() != `calling "test:index:look": this engine answers no calls` {
		t.Errorf("calling: %v", err)
	}
}
