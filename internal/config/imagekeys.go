package config

// imageKeys are the settings of the image, and of how the nodes pull it.
func imageKeys() []key {
	const repository = "a repository without tag or digest, as docker.io/you/servicex"
	return []key{
		{name: "image.repository", otherwise: "the cluster's registry", example: "docker.io/you/servicex",
			about: "Where ServiceX is pushed after it was built here; without tag or digest. Needed where the cluster names no registry of its own, unless image.reference is set.",
			value: text(repository, wordPattern, func(c *draft, v string) { c.Image.Repository = v }, checkRepository)},
		{name: "image.pullRepository", otherwise: "image.repository", example: "docker.io/you/servicex",
			about: "The same repository by the name by which the cluster reaches it, where that differs.",
			value: text(repository, wordPattern, func(c *draft, v string) { c.Image.PullRepository = v }, checkRepository)},
		{name: "image.reference", example: "docker.io/you/servicex:1.0",
			about: "An image that is there already, with digest or tag: nothing is built, and Docker is not needed.",
			value: text("an image with a digest or a tag, as docker.io/you/servicex@sha256:...", wordPattern,
				func(c *draft, v string) { c.Image.Reference = v }, checkReference)},
		{name: "image.platform", otherwise: "that of the nodes", example: "linux/amd64",
			about: "The one platform to build for. Nodes of more than one are told before anything is made: then it has to be set.",
			value: choice([]string{"linux/amd64", "linux/arm64"}, "is not a platform that the image is built for",
				func(c *draft, v string) { c.Image.Platform = v })},
		{name: pullName, example: "registry-credentials",
			about: "A Secret of type kubernetes.io/dockerconfigjson that is in the namespace already, with which the nodes pull from a private registry.",
			value: text("the name of a Secret in the stack's namespace", subdomainPattern,
				func(c *draft, v string) { c.PullSecret.Name = v }, checkSecretName)},
		{name: pullServer, otherwise: "the image's registry", example: "docker.io",
			about: "The registry that the credentials are for.",
			value: text("a registry with its port and path, where it has them, as docker.io or localhost:5000", wordPattern,
				func(c *draft, v string) { c.PullSecret.Server = credentialServer(v) }, checkServer)},
		{name: pullUsername, example: "YOU",
			about: "The user of whom, with the password, a Secret is made with which the nodes pull.",
			value: text("the user of the registry, without a colon", usernamePattern,
				func(c *draft, v string) { c.PullSecret.Username = v }, checkUsername)},
		{name: pullPassword,
			about: `That user's password or token; set it with "pulumi config set --secret".`,
			value: secretText("that user's password or token, as a secret", func(c *draft, v string) { c.PullSecret.Password = v })},
	}
}
