package diagnose

import "strings"

// accesses are of what the API server or the sidecar refuses.
func accesses() []rule {
	lost := func(code, source, what, fix string, words ...string) rule {
		return rule{code: code, source: "API server", fix: always(fix), when: func(s Seen) (string, bool) {
			if detail, is := s.symptom(code); is {
				return what + ": " + detail, true
			}
			why, is := s.Lost[source]
			if !is {
				return "", false
			}
			for _, w := range words {
				if strings.Contains(strings.ToLower(why), w) {
					return what + ": " + why, true
				}
			}
			return "", false
		}}
	}
	refused := []string{"forbidden", "unauthorized"}
	return []rule{
		lost("forbidden-exec", "load", "not allowed to send requests from the client pod", "ask for the verb create on pods/exec in the namespace", refused...),
		lost("forbidden-port-forward", "endpoint health", "not allowed to look at the sidecar", "ask for the verb create on pods/portforward in the namespace", refused...),
		lost("forbidden-logs", "outlier log", "not allowed to read the sidecar's log", "ask for the verb get on pods/log in the namespace", refused...),
		lost("admin-elsewhere", "endpoint health", "the sidecar's admin interface does not answer on port 15000", "see proxyAdminPort of the mesh's configuration", "15000"),
		{code: "hbone", source: "istio docs, ambient", fix: always("prove it with a sidecar: take the ambient label off the client's namespace"),
			when: func(s Seen) (string, bool) {
				detail, is := s.symptom("hbone")
				return "ambient mesh (HBONE): " + detail, is
			}},
		{code: "not-http", source: "istio docs, protocol selection", fix: always("name the Service's port http, or set its appProtocol to http"),
			when: func(s Seen) (string, bool) {
				detail, is := s.symptom("not-http")
				return "not HTTP: the sidecar passes connections on and reads no answer, so it counts no error: " + detail, is && s.failed("mix", "trip", "counters")
			}},
		{code: "waypoint", source: "istio docs, waypoints", fix: always("the waypoint does the ejecting: a proof from a sidecar does not see it"),
			when: func(s Seen) (string, bool) {
				detail, is := s.symptom("waypoint")
				return "waypoint: " + detail, is
			}},
	}
}

// unreadable is said last: what could not be looked at may be the cause.
func unreadable() []rule {
	return []rule{{code: NotReadable, source: "API server", fix: always("ask for the right to read it, or look at it yourself"),
		when: func(s Seen) (string, bool) {
			detail, is := s.symptom(NotReadable)
			return "not looked at: " + detail, is
		}}}
}

// pods are of the pods themselves.
func pods() []rule {
	return []rule{
		{code: "no-endpoints", source: "EndpointSlices", fix: always("see `kubectl get endpointslices`, and the Service's selector"),
			when: func(s Seen) (string, bool) {
				detail, is := s.symptom("no-endpoints")
				return "no endpoints: " + detail, is || s.Looked && len(s.Pods) == 0
			}},
		{code: "pods-not-ready", source: "API server", fix: always("see `kubectl describe pod`"),
			when: func(s Seen) (string, bool) {
				var all []string
				for _, p := range s.Pods {
					if p.NotReady && !p.Gone {
						all = append(all, p.Name)
					}
				}
				return "pods not ready: " + strings.Join(all, ", "), len(all) > 0
			}},
	}
}
