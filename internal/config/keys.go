package config

// key is one setting: all that there is to know of it, for the program, for the
// schema of the stack file and for the documents, which are compared with it.
type key struct {
	name  string // without the project's prefix
	about string // what it does, for the schema
	// byDefault is the value where the setting is not set, and otherwise what holds
	// then, in words, where that is no value.
	byDefault, otherwise string
	example              string // a value that is surely right, for the fix; empty: the default
	value
}

// draft is a Config in the making.
type draft struct {
	Config
	percentSet  bool // outlier.maxEjectionPercent was configured
	existingSet bool // namespaceExists was configured
}

// keys is every setting there is, in the order in which problems are listed.
func keys() []key {
	var all []key
	for _, part := range [][]key{namespaceKeys(), outlierKeys(), ruleKeys(), workloadKeys(), imageKeys(), istioKeys()} {
		all = append(all, part...)
	}
	return append(all,
		key{name: "client.enabled", byDefault: "true",
			about: "The pod in the mesh from which requests are sent.",
			value: boolean(func(c *draft, v bool) { c.Client = v })},
		key{name: "clusterDomain", otherwise: "the cluster's", example: "corp.internal",
			about: "The domain in which the cluster's services have their names, NAME.NAMESPACE.svc.DOMAIN. Not set, it is that of a mesh that is there, or of the kubelet, or cluster.local where neither may be read.",
			value: text("a DNS domain, as cluster.local", subdomainPattern,
				func(c *draft, v string) { c.Istio.ClusterDomain = v }, CheckDomain)},
		key{name: "takeOver", example: "6c7c1d0e-3f5a-4c57-9d55-3f1b0b8a2a10",
			about: "Another stack, as the error about its objects names it, whose objects become this stack's own, to change and to delete; for where nobody has the state of that stack any more.",
			value: text("the owner that the error about an object names: an identity, or a stack's name", labelValuePattern,
				func(c *draft, v string) { c.TakeOver = v }, checkOwner)})
}

// Names are the names of all settings, without the project's prefix.
func Names() []string {
	var names []string
	for _, k := range keys() {
		names = append(names, k.name)
	}
	return names
}

func namespaceKeys() []key {
	return []key{
		{name: "namespace", byDefault: DefaultNamespace,
			about: `Where everything but the mesh goes. It is made, and deleted at destroy. "default" is there in every cluster: it is only labelled.`,
			value: text("a name of a-z, 0-9 and -, at most 63 characters", labelPattern,
				func(c *draft, v string) { c.Namespace.Name = v }, checkNamespace)},
		{name: "namespaceExists", byDefault: "false", example: "true",
			about: "true: the namespace is there already. It gets Istio's injection label, loses that at destroy, and is never deleted.",
			value: boolean(func(c *draft, v bool) { c.Namespace.Existing, c.existingSet = v, true })},
	}
}

func outlierKeys() []key {
	return []key{
		{name: "outlier.enabled", byDefault: "true",
			about: "false leaves outlier detection out of the rule: no pod is ever ejected.",
			value: boolean(func(c *draft, v bool) { c.Outlier.Enabled = v })},
		{name: "outlier.consecutiveErrors", byDefault: "10",
			about: "Answers of 502, 503 or 504 in a row, from one pod to one client, until that client's sidecar ejects the pod.",
			value: whole(10000, func(c *draft, v int32) { c.Outlier.ConsecutiveErrors = uint32(v) })},
		{name: "outlier.baseEjectionTime", byDefault: "30s",
			about: "How long a pod is out the first time; the n-th time n times as long, up to 300s, or to this if it is longer.",
			value: duration(minBase, maxBase, func(c *draft, v timeSpan) { c.Outlier.BaseEjectionTime = v })},
		{name: "outlier.interval", byDefault: "1s",
			about: "Time between two sweeps. A pod returns at the first sweep after its time; errors are not counted per interval.",
			value: duration(minInterval, maxInterval, func(c *draft, v timeSpan) { c.Outlier.Interval = v })},
		{name: "outlier.maxEjectionPercent", otherwise: "computed", example: "50",
			about: "The largest share of the pods that may be out at once. Computed, it is the least with which every faulty pod can go.",
			value: whole(100, func(c *draft, v int32) { c.Outlier.MaxEjectionPercent, c.percentSet = v, true })},
	}
}

func ruleKeys() []key {
	return []key{
		{name: "rule.file", example: "PATH/TO/destinationrule.yaml",
			about: "A DestinationRule of your own, in YAML or JSON, whose trafficPolicy is put on ServiceX in place of what outlier.*, loadBalancer and localityLbSetting.enabled say. A relative path counts from Pulumi.yaml.",
			value: text("a path", anyPattern, func(c *draft, v string) { c.RuleFile = v }, anything)},
		{name: "rule.name", example: "reviews",
			about: "The name of the DestinationRule in rule.file, or NAMESPACE/NAME. Needed where more than one has outlierDetection.",
			value: text("a name, or NAMESPACE/NAME", wordPattern, func(c *draft, v string) { c.RuleName = v }, anything)},
	}
}

// anything is right as far as the form goes; whoever reads the file knows the rest.
func anything(string) error { return nil }

func workloadKeys() []key {
	return []key{
		{name: "replicas.healthy", byDefault: "1",
			about: "Pods that answer 200 at once.",
			value: whole(50, func(c *draft, v int32) { c.Replicas.Healthy = v })},
		{name: "replicas.faulty", byDefault: "1",
			about: "Pods that answer faulty.code after a while.",
			value: whole(50, func(c *draft, v int32) { c.Replicas.Faulty = v })},
		{name: "faulty.code", byDefault: "504",
			about: "The status that they answer. A rule that counts gateway errors alone counts 502, 503 and 504.",
			value: number(500, 599, func(c *draft, v int32) { c.FaultyCode = v })},
		{name: "faulty.maxDelay", byDefault: "4s",
			about: "That while is random, evenly spread from 0 to this.",
			value: duration(0, maxDelay, func(c *draft, v timeSpan) { c.MaxDelay = v })},
		{name: "loadBalancer", byDefault: "ROUND_ROBIN",
			about: "How the caller's sidecar chooses a pod; mesh leaves the choice to the mesh, which takes LEAST_REQUEST and sends a slow pod next to nothing.",
			value: choice([]string{"ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "mesh"}, "is no load balancer of Istio's", setBalancer)},
		{name: "localityLbSetting.enabled", byDefault: "false",
			about: "true: callers prefer pods of their own zone. A faulty pod in another zone than its callers is then never called, and never ejected.",
			value: boolean(func(c *draft, v bool) { c.Locality = v })},
	}
}
