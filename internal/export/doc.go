// Package export tells Prometheus who has ejected whom: the metrics are a function
// of the views that package callers has at the time of the scrape.
package export
