package config

import "strings"

// Settings of a rule that the user brings.
const (
	ruleFile = "rule.file"
	ruleName = "rule.name"
)

// OfTheRule reports whether a setting says what a DestinationRule says, so that it
// contradicts one that is given as a file.
func OfTheRule(name string) bool {
	return strings.HasPrefix(name, "outlier.") || name == "loadBalancer" || name == "localityLbSetting.enabled"
}

// ruleProblems are settings that say something else than a file of the user's, and
// a name of something in no file.
func (d *draft) ruleProblems(found map[string]place) []*Problem {
	var problems []*Problem
	if d.RuleFile == "" {
		if at, set := found[ruleName]; set {
			problems = append(problems, &Problem{Key: Project + ":" + ruleName, Value: at.shown(), Reason: "names a rule of no file", Allowed: ruleFile + " with it",
				Fix: command("rm", at.nested, ruleName) + ", or " + command("set", false, ruleFile, "PATH")})
		}
		return problems
	}
	for _, k := range keys() {
		if at, set := found[k.name]; set && OfTheRule(k.name) {
			problems = append(problems, &Problem{Key: Project + ":" + k.name, Value: at.shown(), Reason: "contradicts " + ruleFile + ", whose trafficPolicy says it",
				Allowed: "one of the two", Fix: command("rm", at.nested, k.name) + ", or " + command("rm", found[ruleFile].nested, ruleFile)})
		}
	}
	return problems
}
