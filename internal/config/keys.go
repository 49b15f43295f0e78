package config

// key is one setting: where it lives, how its text is read, and what the error
// says when it cannot be.
type key struct {
	name    string // without the project's prefix
	allowed string // range and form, for the error
	example string // a value that is surely right, for the fix
	set     func(c *draft, text string) error
}

// draft is a Config in the making.
type draft struct {
	Config
	percentSet  bool // outlier.maxEjectionPercent was configured
	existingSet bool // namespaceExists was configured
}

// keys is every setting there is, in the order in which problems are listed.
func keys() []key {
	return []key{
		{"namespace", "a name of a-z, 0-9 and -, at most 63 characters", DefaultNamespace,
			text(func(c *draft, v string) { c.Namespace.Name = v }, checkNamespace)},
		{"namespaceExists", "true or false", "true",
			boolean(func(c *draft, v bool) { c.Namespace.Existing, c.existingSet = v, true })},

		{"outlier.enabled", "true or false", "true",
			boolean(func(c *draft, v bool) { c.Outlier.Enabled = v })},
		{"outlier.consecutiveErrors", "a whole number from 1 to 10000", "10",
			whole(1, 10000, func(c *draft, v int32) { c.Outlier.ConsecutiveErrors = uint32(v) })},
		{"outlier.baseEjectionTime", "a duration from 1s to 1h, in whole milliseconds", "30s",
			duration(minBase, maxBase, func(c *draft, v timeSpan) { c.Outlier.BaseEjectionTime = v })},
		{"outlier.interval", "a duration from 100ms to 10m, in whole milliseconds", "1s",
			duration(minInterval, maxInterval, func(c *draft, v timeSpan) { c.Outlier.Interval = v })},
		{"outlier.maxEjectionPercent", "a whole number from 1 to 100", "50",
			whole(1, 100, func(c *draft, v int32) { c.Outlier.MaxEjectionPercent, c.percentSet = v, true })},

		{"replicas.healthy", "a whole number from 1 to 50", "1",
			whole(1, 50, func(c *draft, v int32) { c.Replicas.Healthy = v })},
		{"replicas.faulty", "a whole number from 1 to 50", "1",
			whole(1, 50, func(c *draft, v int32) { c.Replicas.Faulty = v })},
		{"faulty.maxDelay", "a duration from 0s to 1m, in whole milliseconds", "4s",
			duration(0, maxDelay, func(c *draft, v timeSpan) { c.MaxDelay = v })},
		{"loadBalancer", "ROUND_ROBIN, LEAST_REQUEST, RANDOM or mesh", "ROUND_ROBIN",
			text(setBalancer, checkBalancer)},
		{"localityLbSetting.enabled", "true or false", "false",
			boolean(func(c *draft, v bool) { c.Locality = v })},

		{"image.repository", "a repository without tag or digest, as docker.io/you/servicex", "docker.io/you/servicex",
			text(func(c *draft, v string) { c.Image.Repository = v }, checkRepository)},
		{"image.pullRepository", "a repository without tag or digest, as docker.io/you/servicex", "docker.io/you/servicex",
			text(func(c *draft, v string) { c.Image.PullRepository = v }, checkRepository)},
		{"image.reference", "an image with a digest or a tag, as docker.io/you/servicex@sha256:...", "docker.io/you/servicex:1.0",
			text(func(c *draft, v string) { c.Image.Reference = v }, checkReference)},
		{"image.platform", "linux/amd64 or linux/arm64", "linux/amd64",
			text(func(c *draft, v string) { c.Image.Platform = v }, checkPlatform)},
		{pullName, "the name of a Secret in the stack's namespace", "registry-credentials",
			text(func(c *draft, v string) { c.PullSecret.Name = v }, checkSecretName)},
		{pullServer, "a registry with its port and path, where it has them, as docker.io or localhost:5000", "docker.io",
			text(func(c *draft, v string) { c.PullSecret.Server = credentialServer(v) }, checkServer)},
		{pullUsername, "the user of the registry, without a colon", "YOU",
			text(func(c *draft, v string) { c.PullSecret.Username = v }, checkUsername)},
		{pullPassword, "that user's password or token, as a secret", "",
			text(func(c *draft, v string) { c.PullSecret.Password = v }, func(string) error { return nil })},

		{"istio.install", "true or false", "true",
			boolean(func(c *draft, v bool) { c.Istio.Install = v })},
		{"istio.version", "an exact version, as " + defaultVersion, defaultVersion,
			text(func(c *draft, v string) { c.Istio.Version = v }, checkVersion)},
		{"istio.chartRepository", "an http(s) or oci URL, or a folder that holds base/ and istiod/", defaultCharts,
			text(func(c *draft, v string) { c.Istio.ChartRepository = v }, checkCharts)},
		{"istio.hub", "a registry with its port and path, where it has them, as docker.io/istio or localhost:5000", "docker.io/istio",
			text(func(c *draft, v string) { c.Istio.Hub = v }, checkHub)},
		{"istio.tag", "an image tag, as " + defaultVersion, defaultVersion,
			text(func(c *draft, v string) { c.Istio.Tag = v }, checkTag)},
		{"istio.revision", "the revision of a mesh that is there already, as 1-31-4", "1-31-4",
			text(func(c *draft, v string) { c.Istio.Revision = v }, checkRevision)},
		{Values, "an object of Helm values", `'{"pilot":{}}'`, setValues},
		{"istio.keepCRDs", "true or false", "false",
			boolean(func(c *draft, v bool) { c.Istio.KeepCRDs = v })},
		{"istio.timeout", "a duration from 10s to 30m", "5m",
			duration(minTimeout, maxTimeout, func(c *draft, v timeSpan) { c.Istio.Timeout = v })},

		{"client.enabled", "true or false", "true",
			boolean(func(c *draft, v bool) { c.Client = v })},

		{"takeOver", "the owner that the error about an object names: an identity, or a stack's name", "6c7c1d0e-3f5a-4c57-9d55-3f1b0b8a2a10",
			text(func(c *draft, v string) { c.TakeOver = v }, checkOwner)},
	}
}

// Names are the names of all settings, without the project's prefix.
func Names() []string {
	var names []string
	for _, k := range keys() {
		names = append(names, k.name)
	}
	return names
}
