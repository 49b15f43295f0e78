package sandbox

// Plan is all that the supervisor needs; it is handed over as a JSON file.
type Plan struct {
	Network Network           `json:"network"`
	Binds   map[string]string `json:"binds"` // host folder to be covered, by our folder
	Tmpfs   []string          `json:"tmpfs"` // host folders to be covered by an empty one
	Masks   string            `json:"masks"` // folder for the files that cover kernel settings
	Daemons []Daemon          `json:"daemons"`
	// Handed is how many files Start was given to hand over.
	Handed int `json:"handed,omitempty"`
}

// Daemon is a process that the supervisor starts, and starts again when it
// ends.
type Daemon struct {
	Name string   `json:"name"`
	Args []string `json:"args"`
	Env  []string `json:"env,omitempty"`
	Log  string   `json:"log"` // file for stdout and stderr
	// Inherits are those of the files handed to Start, by their index, that the
	// daemon gets as its descriptors from 3 on.
	Inherits []int `json:"inherits,omitempty"`
}

// Network is the inside of the sandbox's network namespace: loopback and one
// bridge, which carries the node's address and later the pods.
type Network struct {
	Bridge      string `json:"bridge"`
	BridgeCIDR  string `json:"bridgeCIDR"`  // the bridge's own address and the pods' range
	ServiceCIDR string `json:"serviceCIDR"` // routed to the bridge
}
