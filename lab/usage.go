package main

// usage is the text of `lab help`.
const usage = `lab brings up a real one-node Kubernetes cluster with a registry, a Docker
engine and Pulumi on a bare Debian 12 machine, and takes it down again.

usage: go run ./lab COMMAND

  up               bring the lab up; what is up already stays
  down             take it down: processes, mounts, interfaces, cgroups, files
  status [--json]  say what runs, whether it answers, and what of it this
                   machine reaches where, or what is left
  check [--json]   say whether this machine can run a lab, and what is missing
  exec -- CMD ...  run CMD with the lab's network, KUBECONFIG, Docker engine,
                   Pulumi backend and PATH; what it listens on is open on this
                   machine too, on 127.0.0.1: at the same port, or else at
                   another one, which is said then
  kubeconfig       print a kubeconfig for commands outside of the lab

examples: go run ./lab up && go run ./lab exec -- pulumi up
          go run ./lab exec -- go run ./observe watch --web
          go run ./lab kubeconfig > lab.kubeconfig
          kubectl --kubeconfig lab.kubeconfig get pods --all-namespaces

While the lab is up this machine listens on 127.0.0.1, and nowhere else, for the
API server (6443) and the registry (5000), at other ports where these are taken.

What the lab runs is built once and kept in the user's cache folder
(XDG_CACHE_HOME). Only its state goes away with "down".

exit codes: 0 done, 1 failed, 2 wrong usage; exec: those of CMD
`
