package lint

import (
	"fmt"
	"net/netip"
	"slices"

	"go.yaml.in/yaml/v3"
)

// external is a ServiceEntry, as far as it decides who may be ejected.
type external struct {
	name, namespace string
	resolution      string
	endpoints       []map[string]string // the labels of each
	names           bool                // DNS may have several addresses for one of them
	selected        bool                // its endpoints are chosen by labels
}

func (e *external) String() string { return "ServiceEntry " + e.namespace + "/" + e.name }

func (l *Linter) serviceEntry(o *object, root *yaml.Node) {
	e := &external{name: o.name, namespace: l.within(o), resolution: word(root, "spec", "resolution")}
	if e.resolution == "" {
		e.resolution = "NONE"
	}
	_, selector := get(root, "spec", "workloadSelector")
	e.selected = selector != nil
	for _, at := range items(root, "spec", "endpoints") {
		e.endpoints = append(e.endpoints, labels(at, "labels"))
		_, err := netip.ParseAddr(word(at, "address"))
		e.names = e.names || err != nil
	}
	for _, h := range items(root, "spec", "hosts") {
		if h = resolved(h); h != nil {
			l.cluster.external[h.Value] = append(l.cluster.external[h.Value], e)
		}
	}
}

// entriesOf are the ServiceEntries of a rule's host.
func (l *Linter) entriesOf(r *destinationRule) []*external {
	return l.cluster.external[l.fullHost(r.host, r.object)]
}

// oneHost is whether Envoy takes a host for one, whatever addresses DNS has for it.
// Source: istio pilot/pkg/networking/core/cluster.go, convertResolution, which makes
// it LOGICAL_DNS.
func oneHost(entries []*external) bool {
	return len(entries) > 0 && !slices.ContainsFunc(entries, func(e *external) bool { return e.resolution != "DNS_ROUND_ROBIN" })
}

// endpointsOf is how many endpoints with labels ServiceEntries have, and which say
// so; one that is in several texts counts once, with the least of them. 0 where it is
// not known: of a host that DNS alone knows, or whose endpoints are chosen by labels.
func endpointsOf(entries []*external, of map[string]string) (n int, by string, least bool) {
	numbers := map[string]int{}
	for _, e := range entries {
		here := 0
		for _, labels := range e.endpoints {
			if within(labels, of) {
				here++
			}
		}
		if e.selected || len(e.endpoints) == 0 || e.resolution != "STATIC" && e.resolution != "DNS" {
			return 0, "", false
		}
		least = least || e.names && e.resolution == "DNS"
		if has, is := numbers[e.String()]; !is || here < has {
			numbers[e.String()] = here
		}
	}
	for _, here := range numbers {
		n += here
	}
	by = fmt.Sprintf("endpoints of %s", entries[0])
	if least {
		by += ", of whose names DNS may have more addresses"
	}
	return n, by, least
}

// unchosen is why a sidecar has no pods of a rule's host to choose from; empty where
// it has, or that is not known. Source: istio pilot/pkg/networking/core/cluster.go,
// convertResolution, which makes it ORIGINAL_DST; a gateway has endpoints.
func (l *Linter) unchosen(r *destinationRule) string {
	name, namespace, is := l.serviceOf(r)
	headless := l.cluster.headless[namespace+"/"+name]
	if live := l.options.Live; live != nil {
		name, namespace, is = l.liveService(r)
		headless = live.Headless(namespace, name)
	}
	entries := l.entriesOf(r)
	switch {
	case is && headless:
		return fmt.Sprintf("Service %s/%s is headless", namespace, name)
	case !is && len(entries) > 0 && !slices.ContainsFunc(entries, func(e *external) bool { return e.resolution != "NONE" }):
		return entries[0].String() + " has resolution NONE"
	}
	return ""
}
