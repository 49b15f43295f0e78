// Package envoyadmin reads what an Envoy says about one cluster: its endpoints
// (/clusters), its outlier detection counters (/stats, as text or JSON), and the
// lines of its outlier event log. Every parser is a pure function of bytes;
// what is not about the cluster is passed over.
//
// A cluster is named as Envoy names it, such as
// outbound|80||servicex-service.circuit-breaker.svc.cluster.local. Statistics
// may carry a ";" after that name: Istio adds one since 1.23
// (istio/istio#51861). Both forms are read.
//
// testdata holds answers of Envoy 1.40.0 from loopback, cut down to a few
// clusters.
package envoyadmin
