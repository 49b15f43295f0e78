package export

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Path of the metrics.
const Path = "/metrics"

// Handler answers scrapes, as Prometheus text or OpenMetrics, whichever is asked for.
func Handler(collectors ...Collector) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(several(collectors)); err != nil {
		return nil, fmt.Errorf("registering the metrics: %w", err)
	}
	pages := http.NewServeMux()
	pages.Handle("GET "+Path, promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, Registry: registry}))
	return pages, nil
}

// several services have the same metrics, of which a registry takes one collector.
type several []Collector

func (several) Describe(to chan<- *prometheus.Desc) { Collector{}.Describe(to) }

func (s several) Collect(to chan<- prometheus.Metric) {
	for _, c := range s {
		c.Collect(to)
	}
}

const (
	// headerLimit bounds the wait for a request's header.
	headerLimit = 5 * time.Second
	// endLimit bounds the answers that are under way at the end.
	endLimit = 2 * time.Second
)

// Serve answers scrapes on a listener until ctx ends.
func Serve(ctx context.Context, listener net.Listener, pages http.Handler) error {
	server := &http.Server{Handler: pages, ReadHeaderTimeout: headerLimit}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		end, stop := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
		defer stop()
		stopped <- server.Shutdown(end)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the metrics: %w", err)
	}
	return <-stopped
}
