package main

// wait ends at the first signal. As a container's first process it is the one
// that Kubernetes signals; without a handler of its own it would not get SIGTERM.
func wait(p process, args []string) error {
	if len(args) > 0 {
		return problems{{"argument", args[0], "left out: wait takes none"}}
	}
	<-p.signals
	return nil
}
