package main

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"istio-circuit-breaker/internal/pulumitest"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	digest  = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	project = "istio-circuit-breaker"
	stack   = "dev"

	typeNamespace  = "kubernetes:core/v1:Namespace"
	typePatch      = "kubernetes:core/v1:NamespacePatch"
	typeConfigMap  = "kubernetes:core/v1:ConfigMap"
	typeService    = "kubernetes:core/v1:Service"
	typeDeployment = "kubernetes:apps/v1:Deployment"
	typeRule       = "kubernetes:networking.istio.io/v1:DestinationRule"
	typeStash      = "pulumi:index:Stash"
	typeCRD        = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
	typeImage      = "docker:index/image:Image"
	typeComponent  = "istio-circuit-breaker:infra:" // and its kind
)

// fakeAPI is an API server with namespaces, whose webhook starts to inject after
// some questions.
type fakeAPI struct {
	namespaces    map[string]map[string]string // labels by name
	mesh          map[string][]object          // Istio's cluster-scoped objects by the last part of their path
	terminating   string                       // name of one that is being deleted
	refusals      int32                        // dry runs that fail before one works
	refused       string                       // what admission says to every dry run; empty: it lets the pod in
	runs          bool                         // pods with a sidecar, since before
	bare          bool                         // pods get no sidecar
	noRootCert    bool                         // the sidecar's ConfigMap never comes
	native        bool                         // the sidecar is an init container
	down          bool                         // answers nothing of use
	registry      map[string]string            // data of ConfigMap kube-public/local-registry-hosting; nil: none
	nodes         []node                       // a page for each
	clusterDomain string                       // of every node's kubelet; empty: nobody may ask it
	secrets       []object                     // of the mesh's namespace
	noRights      bool                         // to read the two above
	noNamespaces  bool                         // may be read
	kubernetes    string                       // version; empty: one that is new enough
	serves        []string                     // versions of a DestinationRule; nil: those of an Istio that is new enough
	istiod        map[string]any               // metadata and spec of its Deployment; nil: there is none to be seen
	noPolicies    bool                         // of the kind that writes owners on ConfigMaps
	policies      map[string]object            // those of our name by the last part but one of their path

	asked atomic.Int32 // dry runs so far
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply := func(code int, v any) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(v)
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v1/namespaces/"), "/")
	switch {
	case f.down:
		reply(http.StatusServiceUnavailable, map[string]string{"kind": "Status", "message": "etcd is gone"})
	case r.URL.Path == "/version":
		reply(http.StatusOK, map[string]string{"gitVersion": cmp.Or(f.kubernetes, "v1.36.3")})
	case strings.HasPrefix(r.URL.Path, "/apis/networking.istio.io/"):
		if f.serves != nil && !slices.Contains(f.serves, parts[len(parts)-1]) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "404 page not found\n") // the API server's words for it
			return
		}
		reply(http.StatusOK, map[string]any{"resources": []any{map[string]string{"name": "destinationrules"}, map[string]string{"name": "destinationrules/status"}}})
	case r.URL.Path == policyAPI:
		kinds := []any{map[string]string{"name": "validatingadmissionpolicies"}}
		if !f.noPolicies {
			kinds = append(kinds, map[string]string{"name": "mutatingadmissionpolicies"})
		}
		reply(http.StatusOK, map[string]any{"resources": kinds})
	case strings.HasSuffix(r.URL.Path, "/"+policyName):
		live, found := f.policies[parts[len(parts)-2]]
		if !found {
			reply(http.StatusNotFound, map[string]string{"kind": "Status", "reason": "NotFound", "message": "not found"})
			return
		}
		reply(http.StatusOK, live)
	case r.URL.Path == "/apis/apps/v1/deployments" && f.istiod != nil:
		reply(http.StatusOK, map[string]any{"items": []any{f.istiod}})
	case strings.HasPrefix(r.URL.Path, "/apis/"):
		reply(http.StatusOK, map[string]any{"items": f.mesh[parts[len(parts)-1]]})
	case r.URL.Path == "/api/v1/namespaces":
		label, value, _ := strings.Cut(r.URL.Query().Get("labelSelector"), "=")
		var labelled []any
		for name, labels := range f.namespaces {
			if labels[label] == value {
				labelled = append(labelled, f.namespace(name, labels))
			}
		}
		reply(http.StatusOK, map[string]any{"items": labelled})
	case r.URL.Path == "/api/v1/nodes" && f.noRights:
		reply(http.StatusForbidden, map[string]string{"kind": "Status", "reason": "Forbidden", "message": `nodes is forbidden: User "dev" cannot list resource "nodes"`})
	case r.URL.Path == "/api/v1/nodes":
		reply(http.StatusOK, f.page(r.URL.Query().Get("continue")))
	case strings.HasSuffix(r.URL.Path, "/proxy/configz") && f.clusterDomain == "":
		reply(http.StatusForbidden, map[string]string{"kind": "Status", "reason": "Forbidden", "message": `nodes "lab" is forbidden: User "dev" cannot get resource "nodes/proxy"`})
	case strings.HasSuffix(r.URL.Path, "/proxy/configz"):
		reply(http.StatusOK, map[string]any{"kubeletconfig": map[string]any{"clusterDomain": f.clusterDomain, "clusterDNS": []string{"10.96.0.10"}}})
	case r.URL.Path == "/api/v1/namespaces/istio-system/secrets":
		reply(http.StatusOK, map[string]any{"items": f.secrets})
	case len(parts) == 1 && f.noNamespaces:
		reply(http.StatusForbidden, map[string]string{"kind": "Status", "reason": "Forbidden", "message": `namespaces "` + parts[0] + `" is forbidden: User "dev" cannot get resource "namespaces"`})
	case len(parts) == 1:
		labels, ok := f.namespaces[parts[0]]
		if !ok {
			reply(http.StatusNotFound, map[string]string{"kind": "Status", "reason": "NotFound", "message": "not found"})
			return
		}
		reply(http.StatusOK, f.namespace(parts[0], labels))
	case r.Method == http.MethodPost && parts[1] == "pods" && r.URL.Query().Get("dryRun") == "All":
		if f.asked.Add(1) > 0 && f.refused != "" {
			reply(http.StatusForbidden, map[string]string{"kind": "Status", "reason": "Forbidden", "message": f.refused})
			return
		}
		if f.asked.Load() <= f.refusals {
			reply(http.StatusInternalServerError, map[string]string{"kind": "Status", "message": `failed calling webhook "namespace.sidecar-injector.istio.io"`})
			return
		}
		var p pod
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			reply(http.StatusBadRequest, map[string]string{"message": err.Error()})
			return
		}
		reply(http.StatusCreated, f.inject(p))
	case r.Method == http.MethodGet && parts[1] == "pods" && r.URL.Query().Get("labelSelector") == tlsMode:
		pods := []object{}
		if r.URL.Query().Get("fieldSelector") != "status.phase=Running" || f.runs {
			pods = append(pods, object{})
		}
		reply(http.StatusOK, map[string]any{"items": pods})
	case parts[0] == hostingNamespace && parts[1] == "configmaps" && parts[2] == hostingName && f.noRights:
		reply(http.StatusForbidden, map[string]string{"kind": "Status", "reason": "Forbidden", "message": `configmaps "local-registry-hosting" is forbidden: User "dev" cannot get resource "configmaps"`})
	case parts[0] == hostingNamespace && parts[1] == "configmaps" && parts[2] == hostingName && f.registry != nil:
		reply(http.StatusOK, map[string]any{"data": f.registry})
	case parts[1] == "configmaps" && parts[2] == rootCert && !f.noRootCert:
		reply(http.StatusOK, map[string]any{"data": map[string]string{"root-cert.pem": "..."}})
	default:
		reply(http.StatusNotFound, map[string]string{"kind": "Status", "reason": "NotFound", "message": "not found"})
	}
}

func (f *fakeAPI) namespace(name string, labels map[string]string) any {
	meta := map[string]any{"name": name, "labels": labels}
	if f.terminating == name {
		meta["deletionTimestamp"] = "2026-11-24T09:00:00Z"
	}
	return map[string]any{"metadata": meta}
}

// page is the answer with one node, and where the next one is.
func (f *fakeAPI) page(at string) map[string]any {
	i, _ := strconv.Atoi(at)
	if i >= len(f.nodes) {
		return map[string]any{"items": []node{}}
	}
	next := ""
	if i+1 < len(f.nodes) {
		next = strconv.Itoa(i + 1)
	}
	return map[string]any{"metadata": map[string]string{"continue": next}, "items": f.nodes[i : i+1]}
}

func (f *fakeAPI) inject(p pod) pod {
	if f.bare || p.Metadata.Labels[injectLabel] != "true" {
		return p
	}
	if f.native {
		p.Spec.InitContainers = append(p.Spec.InitContainers, podContainer{Name: sidecar})
	} else {
		p.Spec.Containers = append(p.Spec.Containers, podContainer{Name: sidecar})
	}
	text := `[{"configMap":{"name":"istio-ca-root-cert"}},{"configMap":{"name":"extra","optional":true}},{}]`
	if err := json.Unmarshal([]byte(text), &p.Spec.Volumes); err != nil {
		panic(err)
	}
	return p
}

// start serves f and returns a connection to it.
func (f *fakeAPI) start(t *testing.T) func() (*cluster, error) {
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return func() (*cluster, error) {
		return &cluster{client: server.Client(), server: server.URL}, nil
	}
}

// providers answers as the real providers do, where the program reads outputs.
func providers(args pulumi.MockResourceArgs) resource.PropertyMap {
	switch {
	case args.TypeToken == typeStash: // of a first update; its ID is its name
		return resource.PropertyMap{"output": args.Inputs["input"]}
	case args.TypeToken == typeImage && !args.Inputs["imageName"].IsString(): // in a preview, where it may be unknown
		return nil
	case args.TypeToken == typeImage:
		name := args.Inputs["imageName"].StringValue()
		return resource.PropertyMap{"repoDigest": resource.NewProperty(name[:strings.LastIndex(name, ":")] + "@" + digest)}
	case args.TypeToken == releaseType && args.Name == "istio-base":
		return resource.NewPropertyMapFromMap(map[string]any{"resourceNames": map[string]any{
			"CustomResourceDefinition.apiextensions.k8s.io/apiextensions.k8s.io/v1": []any{
				"destinationrules.networking.istio.io", "sidecars.networking.istio.io"},
			"ServiceAccount/v1": []any{"istio-system/istio-reader-service-account"},
		}})
	}
	return nil
}

// newCRDProviders answers like a newer chart, with one CRD more.
func newCRDProviders(args pulumi.MockResourceArgs) resource.PropertyMap {
	if args.Name != "istio-base" {
		return providers(args)
	}
	return resource.NewPropertyMapFromMap(map[string]any{"resourceNames": map[string]any{
		"CustomResourceDefinition.apiextensions.k8s.io/apiextensions.k8s.io/v1": []any{"new.networking.istio.io"},
	}})
}

// settings are raw configuration values without the project's prefix, over an
// image repository.
type settings map[string]string

func (s settings) raw() map[string]string {
	raw := map[string]string{project + ":image.repository": "docker.io/you/servicex"}
	for k, v := range s {
		if !strings.Contains(k, ":") {
			k = project + ":" + k
		}
		raw[k] = v
	}
	maps.DeleteFunc(raw, func(_, v string) bool { return v == "unset" })
	return raw
}

// run is one run of the program against fakes. The zero run is an update with
// the defaults on an empty cluster.
type run struct {
	settings settings
	secret   []string // names of settings that are secret
	api      *fakeAPI
	machine  machine
	engine   pulumitest.Engine
	preview  bool
	outputs  map[string]any
}

// outside are the registered resources that are not in the state alone.
func (r *run) outside() []string {
	return slices.DeleteFunc(r.engine.Keys(), func(key string) bool { return strings.HasPrefix(key, typeStash) })
}

func (r *run) start(t *testing.T) error {
	t.Helper()
	if r.api == nil {
		r.api = &fakeAPI{}
	}
	if r.engine.Outputs == nil {
		r.engine.Outputs = providers
	}
	p := program{raw: r.settings.raw(), connect: r.api.start(t), machine: r.machine, poll: time.Millisecond}
	if p.machine.env == nil {
		p.machine = plainMachine()
	}
	for _, name := range r.secret {
		p.secret = append(p.secret, project+":"+name)
	}
	outputs := make(chan map[string]any, 1)
	err := r.engine.Run(project, stack, r.preview, func(ctx *pulumi.Context) error {
		if err := p.run(ctx); err != nil {
			return err
		}
		pulumi.Map(ctx.GetCurrentExportMap()).ToMapOutput().ApplyT(func(values map[string]any) any {
			outputs <- values
			return nil
		})
		return nil
	})
	if err != nil || r.preview { // whose outputs are not known
		return err
	}
	// The run may end a moment before what was applied to its outputs.
	select {
	case r.outputs = <-outputs:
	case <-time.After(10 * time.Second):
		t.Fatal("the outputs were not known within 10s of the run's end")
	}
	return nil
}

// up runs the program and ends the test if that fails.
func up(t *testing.T, s settings) *run {
	t.Helper()
	r := &run{settings: s}
	r.must(t)
	return r
}

func (r *run) must(t *testing.T) {
	t.Helper()
	if err := r.start(t); err != nil {
		t.Fatalf("running the program: %v", err)
	}
}
