package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An API server that has the service, one pod with a sidecar, and no way to it.
func TestExportServesWhatItKnows(t *testing.T) {
	t.Setenv("KUBECONFIG", clusterOf(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/portforward"):
			http.Error(w, `pods "cart-1" is forbidden: User "eve" cannot create resource "pods/portforward"`, http.StatusForbidden)
		case strings.HasSuffix(path, "/pods"):
			fmt.Fprint(w, `{"items":[{"metadata":{"name":"cart-1","namespace":"shop","uid":"1"},"spec":{"containers":[{"name":"istio-proxy"}]},"status":{"phase":"Running"}}]}`)
		case strings.HasSuffix(path, "/endpointslices"):
			fmt.Fprint(w, `{"items":[]}`)
		default:
			fmt.Fprint(w, `{"spec":{"ports":[{"port":9080}]}}`)
		}
	}))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, ended := &printer{}, make(chan error, 1)
	go func() {
		ended <- newCall(observe, out, io.Discard).run(ctx, []string{"export", "--service", "reviews.shop", "--listen", "127.0.0.1:0"})
	}()
	const want = `istio_outlier_caller_up{caller="cart-1.shop",caller_workload="cart-1",service="reviews.shop"} 0`
	text := ""
	for ctx.Err() == nil && !strings.Contains(text, want) {
		if url, _, is := strings.Cut(out.String(), "\n"); is {
			text = scrape(t, url)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !strings.Contains(text, want) {
		t.Errorf("got %s\nwant %s", text, want)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("got %v", err)
	}
}

func scrape(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
