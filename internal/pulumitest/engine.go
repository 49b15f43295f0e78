package pulumitest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Engine is a fake of the Pulumi engine and of every provider. The zero Engine
// is ready to use, for one run.
type Engine struct {
	// Fail, if set, is asked before each registration; what it returns is what
	// the provider answers.
	Fail func(typ, name string) error
	// Outputs, if set, adds to what a resource answers beside its inputs.
	Outputs func(args pulumi.MockResourceArgs) resource.PropertyMap

	mu        sync.Mutex
	resources []pulumi.MockResourceArgs
	done      int
}

var _ pulumi.MockResourceMonitor = (*Engine)(nil)

// NewResource records a registration and answers with the inputs, and as ID
// with the name.
func (e *Engine) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	e.mu.Lock()
	e.resources = append(e.resources, args)
	e.mu.Unlock()
	if e.Fail != nil {
		if err := e.Fail(args.TypeToken, args.Name); err != nil {
			return "", nil, err
		}
	}
	state := args.Inputs.Copy()
	if e.Outputs != nil {
		maps.Copy(state, e.Outputs(args))
	}
	return args.Name, state, nil
}

// Call refuses: a program under test that asks a provider is told so.
func (e *Engine) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("calling %q: this engine answers no calls", args.Token)
}

// RegisterResourceOutputs counts.
func (e *Engine) RegisterResourceOutputs() (*emptypb.Empty, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.done++
	return &emptypb.Empty{}, nil
}

// Done is how many resources have told their outputs themselves: the stack, and
// each component that does so.
func (e *Engine) Done() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.done
}

// Run runs program as stack of project against e; dryRun as "pulumi preview".
func (e *Engine) Run(project, stack string, dryRun bool, program pulumi.RunFunc) error {
	return pulumi.RunErr(program, pulumi.WithMocks(project, stack, e), func(info *pulumi.RunInfo) {
		info.DryRun = dryRun
	})
}

// All is every registration, ordered by type and name.
func (e *Engine) All() []Resource {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []Resource
	for _, args := range e.resources {
		all = append(all, Resource{args})
	}
	slices.SortFunc(all, func(a, b Resource) int { return strings.Compare(a.Key(), b.Key()) })
	return all
}

// Keys are the keys of all registrations, in order.
func (e *Engine) Keys() []string {
	var keys []string
	for _, r := range e.All() {
		keys = append(keys, r.Key())
	}
	return keys
}

// Resource is the one registration of that type and name; the test ends where
// there is none, or more than one.
func (e *Engine) Resource(t testing.TB, typ, name string) Resource {
	t.Helper()
	var found []Resource
	for _, r := range e.All() {
		if r.TypeToken == typ && r.Name == name {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s %q was registered %d times, want once; there are:\n%s",
			typ, name, len(found), strings.Join(e.Keys(), "\n"))
	}
	return found[0]
}
