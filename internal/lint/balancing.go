package lint

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

// balancing finds balancers that outlier detection changes, or that change it.
func balancing(b *block) (all []Finding) {
	if !b.canEject() {
		return nil
	}
	if w, is := b.said[noPodsToChoose]; is {
		f := b.as(w, "", "")
		f.Severity = Error
		return append(all, f)
	}
	if w, is := b.said[ownZone]; is {
		all = append(all, b.as(w, "", ""))
	}
	switch w, is := b.said[stickyBalancer]; {
	case !is:
	case w.Never:
		f := b.as(w, "", "use another balancer")
		f.Severity = Error
		all = append(all, f)
	default:
		all = append(all, b.as(w, "", "nothing to mend; while its pod is out, a caller goes to another"))
	}
	return all
}

// meshConnect is connect_timeout where a rule does not set it. Source: istio
// pkg/config/mesh/mesh.go, DefaultMeshConfig.
const meshConnect = 10 * time.Second

// connecting finds a connectTimeout that makes an unreachable pod count slowly.
func connecting(b *block) []Finding {
	errors, by := b.rule.Threshold()
	if local := b.local(); local > 0 {
		errors = local
	} else if by == breaker.NoDetector {
		return nil
	}
	if b.broken || b.connect <= meshConnect {
		return nil
	}
	f := b.found(slowConnect, "", fmt.Sprintf("connectTimeout %s: each request to a pod that does not connect waits so long before it counts; %s in a row take %s for one caller at a time.",
		breaker.Short(b.connect), breaker.Count(int(errors), "error"), breaker.Short(time.Duration(min(errors, 1e6))*b.connect)),
		envoyDetector+"; istio pkg/config/mesh/mesh.go", "set connectTimeout to a few seconds or less")
	f.Position, f.Field = b.connectAt, b.of.prefix+"spec.trafficPolicy.connectionPool.tcp.connectTimeout"
	return []Finding{f}
}
