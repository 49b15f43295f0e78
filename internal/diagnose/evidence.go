package diagnose

import (
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// time800 is what timers of a busy machine may add, as the judge has it.
const time800 = 800 * time.Millisecond

// disturbances are of what changed under the proof.
func disturbances() []rule {
	during := func(code string, kind timeline.EventKind, text string) rule {
		return rule{code: code, source: "endpoints and counters of the sidecar", fix: always("prove it again when nobody changes anything"),
			when: func(s Seen) (string, bool) { return text, s.Disturbed == string(kind) }}
	}
	return []rule{
		during("sidecar-restarted", timeline.CountersReset, "sidecar restarted: it has forgotten its counts and ejections"),
		during("rule-changed-midway", timeline.RuleChanged, "rule changed midway: the DestinationRule is another one than at the start"),
		during("rule-changed-midway", timeline.ClusterReplaced, "rule changed midway: the sidecar got another configuration of the service"),
		{code: "faulty-pod-gone", source: "API server", fix: always("prove it again once the rollout is over"),
			when: func(s Seen) (string, bool) {
				for _, p := range s.Pods {
					if p.Faulty && p.Gone {
						return fmt.Sprintf("faulty pod gone: %s went away while the proof ran", p.Name), true
					}
				}
				return "", false
			}},
	}
}

// evidences are of what the proof had too little of.
func evidences() []rule {
	missing := func(words ...string) func(Seen) bool {
		return func(s Seen) bool {
			for _, f := range s.Failed {
				for _, w := range words {
					if strings.Contains(f.Missing, w) {
						return true
					}
				}
			}
			return false
		}
	}
	return []rule{
		{code: "too-few-answers", source: "the caller's answers", fix: always("send more requests a second: --rate 20"),
			when: func(s Seen) (string, bool) {
				return "too few answers while a pod was out", missing("answers of others")(s)
			}},
		{code: "too-coarse", source: "the caller's answers", fix: always("send one request at a time, and fewer a second: --concurrency 1 --rate 5"),
			when: func(s Seen) (string, bool) {
				return "too coarse: what was under way at once leaves more than one number", missing("a narrower count", "a more exact time")(s)
			}},
		{code: "ejected-again-too-late", source: detection, fix: always("prove it again, with a shorter faulty.maxDelay"),
			when: func(s Seen) (string, bool) {
				return "ejected again too late: the pod failed too slowly to go again within a sweep of its return", missing("may have forgotten the first")(s)
			}},
		{code: "clocks-apart", source: "date headers and answers", fix: always("synchronize the clocks of this machine and of the nodes"),
			when: func(s Seen) (string, bool) {
				return "clocks apart: a clock was set while the proof ran", s.Jumped
			}},
		{code: "log-missing", source: "the sidecar's log", fix: always("have the sidecar log ejections: the Helm value global.proxy.outlierLogPath=/dev/stdout"),
			when: func(s Seen) (string, bool) {
				return "outlier log missing: pods were ejected, and the sidecar's log has no line of it", s.ejections() > 0 && len(s.Detectors) == 0
			}},
	}
}
