package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// cluster is the API server, for the few questions that no Pulumi resource can
// answer. It speaks JSON over client-go's transport; the typed clients would
// double the program.
type cluster struct {
	client *http.Client
	server string
}

// requestLimit bounds one request, so that a server that is not there is
// noticed; the webhook behind a dry run has 10s of its own.
const requestLimit = 15 * time.Second

// answerLimit bounds what is read of one answer, in bytes; the largest are lists
// of nodes. One of every ClusterRole of a large cluster is below 10 MiB.
const answerLimit = 64 << 20

// connect finds the cluster by the same keys as the provider: from raw,
// kubernetes:kubeconfig (a path, or the content), kubernetes:context and
// kubernetes:cluster; then KUBECONFIG and the usual places.
func connect(raw map[string]string) (*cluster, error) {
	overrides := &clientcmd.ConfigOverrides{CurrentContext: raw["kubernetes:context"]}
	overrides.Context.Cluster = raw["kubernetes:cluster"]
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	var loader clientcmd.ClientConfig
	switch given := raw["kubernetes:kubeconfig"]; {
	case strings.ContainsAny(given, "\n{"):
		parsed, err := clientcmd.Load([]byte(given))
		if err != nil {
			return nil, fmt.Errorf("reading the content of kubernetes:kubeconfig: %w", err)
		}
		loader = clientcmd.NewDefaultClientConfig(*parsed, overrides)
	default:
		rules.ExplicitPath = expandHome(given)
		loader = clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	}
	cfg, err := loader.ClientConfig()
	if err != nil {
		return nil, advise(fmt.Errorf("finding the cluster: %w", err),
			"kubectl config get-contexts, then pulumi config set kubernetes:context NAME")
	}
	cfg.Timeout = requestLimit
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to %q: %w", cfg.Host, err)
	}
	server, _, err := rest.DefaultServerUrlFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("reading the address of the cluster %q: %w", cfg.Host, err)
	}
	return &cluster{client: client, server: strings.TrimSuffix(server.String(), "/")}, nil
}

// expandHome puts the user's home folder for a leading ~, which no shell has
// seen in a stack file. The provider does the same.
func expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && !strings.HasPrefix(rest, "/") {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path // which is then said not to be there
	}
	return filepath.Join(home, rest)
}

// configMap looks the data of a ConfigMap up; errNotFound where there is none.
func (c *cluster) configMap(ctx context.Context, ns, name string) (map[string]string, error) {
	var m struct {
		Data map[string]string `json:"data"`
	}
	err := c.do(ctx, request{method: http.MethodGet, path: namespacePath(ns) + "/configmaps/" + url.PathEscape(name)}, &m)
	return m.Data, err
}

// configMapFilled reports whether a ConfigMap is there and holds something.
func (c *cluster) configMapFilled(ctx context.Context, ns, name string) (bool, error) {
	data, err := c.configMap(ctx, ns, name)
	if errors.Is(err, errNotFound) {
		return false, nil
	}
	return len(data) > 0, err
}

// tryPod asks what would become of pod if it were created, and creates nothing.
func (c *cluster) tryPod(ctx context.Context, ns string, p pod) (pod, error) {
	var answer pod
	err := c.do(ctx, request{method: http.MethodPost, path: namespacePath(ns) + "/pods?dryRun=All", body: p}, &answer)
	return answer, err
}

// request is one question to the API server.
type request struct {
	method, path string
	body         any    // as JSON; nil for none
	kind         string // of the body; empty for plain JSON
	accept       string // of the answer; empty for plain JSON
}

// do sends r and decodes the answer into out; nil is for one that does not matter.
func (c *cluster) do(ctx context.Context, r request, out any) error {
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return fmt.Errorf("marshalling a request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.server+r.path, body)
	if err != nil {
		return fmt.Errorf("preparing a request: %w", err)
	}
	req.Header.Set("Content-Type", cmp.Or(r.kind, "application/json"))
	req.Header.Set("Accept", cmp.Or(r.accept, "application/json"))
	res, err := c.client.Do(req)
	if err != nil {
		return err // already names method, URL and cause
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("reading the answer to %s %s: %w", r.method, r.path, err)
	}
	if res.StatusCode/100 != 2 {
		return answered(res.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("decoding the answer to %s %s: %w", r.method, r.path, err)
	}
	return nil
}
