package node

import "fmt"

// registryForNodes is where further nodes reach the registry.
const registryForNodes = Address + ":5000"

// dockerRegistry listens for the first node alone, unless there are more, at the
// address in their network too.
func dockerRegistry(p Paths) component {
	address := "127.0.0.1:5000"
	if p.Shape.Nodes > 1 {
		address = ":5000"
	}
	d := p.run(p.DockerRegistry, "serve", p.etc("registry.yml"))
	d.Outlived = true
	return component{d, map[string]string{"registry.yml": fmt.Sprintf(`version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: %q}
http: {addr: %q}
`, p.RegistryData, address)}}
}
