package config

// istioKeys are the settings of the mesh.
func istioKeys() []key {
	return []key{
		{name: "istio.install", byDefault: "true",
			about: "false: use the mesh that is there, and neither install nor remove anything of it.",
			value: boolean(func(c *draft, v bool) { c.Istio.Install = v })},
		{name: "istio.version", byDefault: defaultVersion,
			about: "Exact version of the charts; not used with a chart folder.",
			value: text("an exact version, as "+defaultVersion, versionPattern,
				func(c *draft, v string) { c.Istio.Version = v }, checkVersion)},
		{name: "istio.chartRepository", byDefault: defaultCharts,
			about: "Where the charts base and istiod are: an http(s) URL of a Helm repository, an oci:// URL, or a folder that holds base/ and istiod/ (relative to the stack file).",
			value: text("an http(s) or oci URL, or a folder that holds base/ and istiod/", anyPattern,
				func(c *draft, v string) { c.Istio.ChartRepository = v }, checkCharts)},
		{name: "istio.hub", otherwise: "the chart's", example: "docker.io/istio",
			about: "Registry of Istio's images: one with a path, or a registry alone.",
			value: text("a registry with its port and path, where it has them, as docker.io/istio or localhost:5000", wordPattern,
				func(c *draft, v string) { c.Istio.Hub = v }, checkHub)},
		{name: "istio.tag", otherwise: "the chart's", example: defaultVersion,
			about: "Tag of Istio's images.",
			value: text("an image tag, as "+defaultVersion, tagPattern, func(c *draft, v string) { c.Istio.Tag = v }, checkTag)},
		{name: "istio.revision", example: "1-31-4",
			about: "The revision of a mesh that is there and has revisions.",
			value: text("the revision of a mesh that is there already, as 1-31-4", labelPattern,
				func(c *draft, v string) { c.Istio.Revision = v }, checkRevision)},
		{name: Values, example: `'{"pilot":{}}'`,
			about: "Further Helm values for istiod. They win over the sizes that the program sets; what contradicts the stack is refused (docs/clusters.md). Set as a secret they are neither shown nor readable in the state.",
			value: object("an object of Helm values", setValues)},
		{name: "istio.keepCRDs", byDefault: "false",
			about: "true: destroy leaves Istio's CRDs. Otherwise they go, and with them every object of theirs in the cluster, whoever made it.",
			value: boolean(func(c *draft, v bool) { c.Istio.KeepCRDs = v })},
		{name: "istio.timeout", byDefault: "5m",
			about: "Limit for each step of the installation, and for the wait until sidecars are injected.",
			value: duration(minTimeout, maxTimeout, func(c *draft, v timeSpan) { c.Istio.Timeout = v })},
	}
}
