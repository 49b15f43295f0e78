// Package sandbox holds the lab's processes in Linux namespaces of their own:
// a network (host interfaces, routes and iptables stay as they were), mounts
// (host folders are not written to) and process ids. The first process of the
// pid namespace supervises all others; when it ends, for whatever reason, the
// kernel ends every process in it, and with the last one the mounts and
// interfaces are gone. That is why the lab can be taken down after a kill -9.
//
// One of its daemons may be the supervisor of a sandbox within it, joined to it
// by a pair of interfaces: another node, which ends as a machine does that loses
// power when its first process is killed.
package sandbox
