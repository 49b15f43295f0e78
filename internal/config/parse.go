package config

import (
	"cmp"
	"errors"
	"fmt"
)

// Parse reads the raw values (full key to text; an object is JSON text), fills
// in the defaults and validates. Keys of other projects and providers are not
// looked at. The error joins one *Problem for each thing wrong, in a stable
// order; it shows nothing of the values of secret, which are full keys.
func Parse(raw map[string]string, secret ...string) (Config, error) {
	d := defaults()
	found, problems := find(raw, secret)
	broken := map[string]bool{}
	for _, k := range keys() {
		at, ok := found[k.name]
		if !ok {
			continue
		}
		if p := k.read(&d, at); p != nil {
			problems = append(problems, p)
			broken[k.name] = true
		}
		if at.secret && (!at.nested || keptSecret(k.name)) {
			d.Secrets = append(d.Secrets, k.name)
		}
	}
	problems = append(problems, d.complete(found, broken)...)
	if len(problems) > 0 {
		errs := make([]error, len(problems))
		for i, p := range problems {
			errs[i] = p
		}
		return Config{}, errors.Join(errs...)
	}
	return d.Config, nil
}

func (k key) read(d *draft, at place) *Problem {
	p := &Problem{Key: Project + ":" + k.name, Value: at.shown(), Allowed: k.allowed, Fix: command("set", at.nested, k.name, cmp.Or(k.example, k.byDefault))}
	if at.text == "" {
		p.Reason, p.Fix = "is empty", command("rm", at.nested, k.name)
		return p
	}
	if err := k.set(d, at.text); err != nil {
		p.Reason = err.Error()
		if at.secret { // which the reason may quote
			p.Reason = "is not of that form; it is a secret, so that no more is said"
		}
		return p
	}
	return nil
}

// complete fills in what follows from several settings and checks them against
// each other; broken settings, which have their problem already, are left out.
func (d *draft) complete(found map[string]place, broken map[string]bool) []*Problem {
	var problems []*Problem
	add := func(name, value, reason, allowed, fix string) {
		problems = append(problems, &Problem{Project + ":" + name, value, reason, allowed, fix})
	}

	if d.Namespace.Name == "default" {
		if d.existingSet && !d.Namespace.Existing {
			add("namespaceExists", "false", `the namespace "default" is in every cluster and cannot be made`, "true", command("rm", found["namespaceExists"].nested, "namespaceExists"))
		}
		d.Namespace.Existing = true
	}

	if !broken["replicas.healthy"] && !broken["replicas.faulty"] && !broken["outlier.maxEjectionPercent"] {
		total, percent := d.Replicas.Total(), d.Outlier.MaxEjectionPercent
		switch {
		case !d.percentSet:
			d.Outlier.MaxEjectionPercent = PercentFor(d.Replicas.Faulty, total)
		case d.Outlier.Enabled && Ejectable(percent, total) == 0:
			least := PercentFor(1, total)
			add("outlier.maxEjectionPercent", fmt.Sprint(percent),
				fmt.Sprintf("can never eject: one of %d pods is more than %d%%", total, percent),
				fmt.Sprintf("%d to 100 with these replicas", least),
				command("rm", found["outlier.maxEjectionPercent"].nested, "outlier.maxEjectionPercent")+", to have it computed")
		}
	}

	if d.Istio.Install && !d.Istio.ChartsInFolder() && LeastCharts.newerThan(d.Istio.Version) {
		add("istio.version", found["istio.version"].shown(), LeastCharts.tooOld(), LeastCharts.String()+".0 or newer", command("rm", found["istio.version"].nested, "istio.version")+", or a mesh that is there: pulumi config set istio.install false")
	}
	if d.Istio.Install && d.Istio.Revision != "" {
		add("istio.revision", d.Istio.Revision, "is for a mesh that is there already, but istio.install is true", "",
			command("rm", found["istio.revision"].nested, "istio.revision")+", or pulumi config set istio.install false")
	}
	if at, set := found[Values]; set && d.Istio.Install && !broken[Values] {
		problems = append(problems, d.checkValues(at)...)
	}
	problems = append(problems, d.ruleProblems(found)...)
	return append(problems, d.pullProblems(found, broken)...)
}

// PercentFor is the least whole percentage that lets n of total pods be out at
// once. Envoy compares after the ejection, 100*out/total <= percent, so it is
// rounded up: 1 of 3 pods needs 34.
// Source: envoyproxy/envoy source/common/upstream/outlier_detection_impl.cc.
func PercentFor(n, total int32) int32 {
	if total <= 0 {
		return 0
	}
	return int32((100*int64(n) + int64(total) - 1) / int64(total))
}

// Ejectable is how many of total pods percent lets be out at once.
func Ejectable(percent, total int32) int32 {
	return int32(int64(percent) * int64(total) / 100)
}
