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
	// Failing is the file that lists the daemons that end again and again, as
	// ReadFailing reads it; "" is none.
	Failing string `json:"failing,omitempty"`
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
	// Outlived says that it keeps data that is there when the sandbox is gone:
	// it is asked to end before all is ended, and given time.
	Outlived bool `json:"outlived,omitempty"`
	// Within says that it is the supervisor of a sandbox within this one: it gets
	// namespaces of its own, joined to this one's network.
	Within *Joint `json:"within,omitempty"`
	// Off is a file: as long as there is one, the daemon does not run. Reload has
	// the supervisor look at it.
	Off string `json:"off,omitempty"`
}

// Joint is the pair of interfaces that joins a sandbox to the one that it is in.
type Joint struct {
	Bridge string `json:"bridge"` // of the outer one
	Port   string `json:"port"`   // the end that is on the bridge
	Device string `json:"device"` // the end that is in the inner one
}

// Network is the inside of a sandbox's network namespace: loopback and one
// bridge, which carries the node's address and later the pods; and where there
// are several nodes, the way to the others.
type Network struct {
	Bridge      string  `json:"bridge"`
	BridgeCIDR  string  `json:"bridgeCIDR"`  // the bridge's own address and the pods' range
	ServiceCIDR string  `json:"serviceCIDR"` // routed to the bridge
	Uplink      *Uplink `json:"uplink,omitempty"`
	Routes      []Route `json:"routes,omitempty"` // by the uplink
}

// Uplink is the interface by which other nodes are reached: in the outer sandbox
// a bridge, which it makes, in one within it what the outer joins it by.
type Uplink struct {
	Device string `json:"device"`
	CIDR   string `json:"cidr"`
	Bridge bool   `json:"bridge,omitempty"`
}

// Route leads to a range of addresses by one that is nearer.
type Route struct {
	To  string `json:"to"`
	Via string `json:"via"`
}
