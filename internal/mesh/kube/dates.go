package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	"k8s.io/client-go/rest"
)

// envoyDate is how much older than its second Envoy's date may be: it makes it
// anew twice a second. Source: envoy source/common/http/date_provider_impl.h.
const envoyDate = 500 * time.Millisecond

// Dates are the header "date" of two cheap answers: the API server's version, and
// whether the sidecar is ready.
func (c *Cluster) Dates(ctx context.Context, client mesh.Client) ([]mesh.Date, error) {
	var dates []mesh.Date
	server, err := c.serverDate(ctx)
	if err != nil {
		return nil, err
	}
	f, err := c.forward(client)
	if err != nil {
		return nil, err
	}
	sidecar, err := date(ctx, f.http, "http://"+client.Pod+"/ready")
	if err != nil {
		f.drop()
		return nil, fmt.Errorf("asking the sidecar of %q for the time: %w", client.Pod, err)
	}
	for _, d := range []struct {
		name  string
		date  mesh.Date
		stale time.Duration
	}{{timeline.APIServerClock, server, 0}, {timeline.SidecarClock, sidecar, envoyDate}} {
		if !d.date.Said.IsZero() {
			d.date.Clock, d.date.Stale = d.name, d.stale
			dates = append(dates, d.date)
		}
	}
	return dates, nil
}

func (c *Cluster) serverDate(ctx context.Context) (mesh.Date, error) {
	client, err := rest.HTTPClientFor(c.config)
	if err != nil {
		return mesh.Date{}, fmt.Errorf("asking the API server for the time: %w", err)
	}
	d, err := date(ctx, client, c.core.RESTClient().Get().AbsPath("/version").URL().String())
	if err != nil {
		return mesh.Date{}, fmt.Errorf("asking the API server for the time: %w", err)
	}
	return d, nil
}

// date asks for a page and reads when it was made; Said is zero where it does not say.
func date(ctx context.Context, client *http.Client, url string) (mesh.Date, error) {
	ctx, cancel := context.WithTimeout(ctx, adminLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return mesh.Date{}, err
	}
	d := mesh.Date{Asked: time.Now()}
	answer, err := client.Do(request)
	if err != nil {
		return mesh.Date{}, err
	}
	d.Answered = time.Now()
	answer.Body.Close()
	if said, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		d.Said = said
	}
	return d, nil
}

// Versions are read where they can be; what cannot be read is left out.
func (c *Cluster) Versions(ctx context.Context, client mesh.Client) map[string]string {
	versions := map[string]string{}
	if text, err := c.core.RESTClient().Get().AbsPath("/version").DoRaw(ctx); err == nil {
		var v struct {
			Git string `json:"gitVersion"`
		}
		if json.Unmarshal(text, &v) == nil && v.Git != "" {
			versions["kubernetes"] = v.Git
		}
	}
	if text, err := c.Admin(ctx, client, "/server_info"); err == nil {
		var v struct {
			Version string `json:"version"`
			Node    struct {
				Metadata struct {
					Istio string `json:"ISTIO_VERSION"`
				} `json:"metadata"`
			} `json:"node"`
		}
		if json.Unmarshal(text, &v) == nil {
			for part := range strings.SplitSeq(v.Version, "/") { // commit/1.40.0/Clean/RELEASE/BoringSSL
				if strings.Count(part, ".") == 2 {
					versions["envoy"] = part
				}
			}
			if i := v.Node.Metadata.Istio; i != "" && i != "unknown" { // a build of one's own
				versions["istio"] = v.Node.Metadata.Istio
			}
		}
	}
	return versions
}
