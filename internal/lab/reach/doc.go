// Package reach lets this machine reach what listens in the lab's network.
//
// A socket belongs to the network that it was made in, whoever uses it. So what
// listens is made in the host's network, at 127.0.0.1 alone, and whoever relays
// runs in the lab's, where it dials as anybody does. Nothing of the host's
// interfaces, routes or firewall has a part in it, and a listening socket is
// gone with the process that holds it, also after a kill -9:
//
//   - The API server and the registry: `lab up` opens the sockets and hands them
//     to the supervisor, which holds them as long as the lab lives and starts a
//     Relay on them as one of its daemons.
//   - A command of `lab exec`: beside it runs a Follower, which opens on the host
//     what the command's processes begin to listen on, and ends with the command.
//   - The observer's page needs none of it: it listens on the host itself (package
//     network), so that the URL that it prints is right whatever is taken here.
//
// A relay that followed the page would have to be told, or to guess, a port that
// is free in both networks. A proxy at the API server instead of a relay would
// break what is no request and answer: exec, port-forward, TLS of the client's.
package reach
