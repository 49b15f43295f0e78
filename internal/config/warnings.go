package config

import "fmt"

// Warnings are what a valid configuration does that may surprise, a sentence
// each.
func (c Config) Warnings() []string {
	var all []string
	if out := Ejectable(c.Outlier.MaxEjectionPercent, c.Replicas.Total()); c.RuleFile == "" && c.Outlier.Enabled && out < c.Replicas.Faulty {
		all = append(all, fmt.Sprintf(
			"outlier.maxEjectionPercent %d lets only %d of %d faulty pods be out at once; %d would let all go",
			c.Outlier.MaxEjectionPercent, out, c.Replicas.Faulty, PercentFor(c.Replicas.Faulty, c.Replicas.Total())))
	}
	if c.Image.Reference != "" && Digest(c.Image.Reference) == "" {
		all = append(all, fmt.Sprintf(
			"image.reference %q has no digest: what the pods run changes whenever its tag is moved", c.Image.Reference))
	}
	if c.PullSecret.Name != "" && !c.Namespace.Existing {
		all = append(all, fmt.Sprintf(
			"%s %q has to be in namespace %q, which the stack makes: pods wait until somebody puts it there", pullName, c.PullSecret.Name, c.Namespace.Name))
	}
	for _, name := range c.Secrets {
		if !keptSecret(name) {
			all = append(all, name+" is set as a secret, but is not kept as one: it is readable in the state and in the cluster")
		}
	}
	return all
}
