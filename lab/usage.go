package main

// usage is the text of `lab help`.
const usage = `lab brings up a real Kubernetes cluster with a registry, a Docker engine and
Pulumi on a bare Debian 12 machine, and takes it down again.

usage: go run ./lab COMMAND

  up               bring the lab up; what is up already stays, unless its parts
                   have changed: then it is begun anew
     --nodes N     with N nodes, 9 at most; else those that there are, or one
     --zones M     which are in M zones in turn
     --dry-run     only print what would be run, as a script to be read
  down             take it down: processes, mounts, interfaces, cgroups, files
  status [--json]  say what runs, whether it answers, and what of it this
                   machine reaches where, or what is left
  check [--json]   say whether this machine can run a lab, and what is missing
  exec -- CMD ...  run CMD with the lab's network, KUBECONFIG, Docker engine,
                   Pulumi backend and PATH; what it listens on is open on this
                   machine too, on 127.0.0.1: at the same port, or else at
                   another one, which is said then
  node kill NAME   take a node away, as a loss of power does
  node start NAME  start it again, and wait until it is Ready
  kubeconfig       print a kubeconfig for commands outside of the lab

examples: go run ./lab up && go run ./lab exec -- pulumi up
          go run ./lab exec -- go run ./observe watch --web
          go run ./lab kubeconfig > lab.kubeconfig
          kubectl --kubeconfig lab.kubeconfig get pods --all-namespaces

While the lab is up this machine listens on 127.0.0.1, and nowhere else, for the
API server (6443) and the registry (5000), at other ports where these are taken.

What the lab runs is built once and kept in the user's cache folder
(XDG_CACHE_HOME). Only its state goes away with "down".

exit codes: 0 done, 1 failed, 2 wrong usage; status: 0 all answers, 1 not all
does, 3 no lab runs; exec: those of CMD. "go run" itself makes 1 of 2 and 3.
`
