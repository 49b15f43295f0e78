package main

// usage is the text of `lab help`.
const usage = `lab brings up a real one-node Kubernetes cluster with a registry, a Docker
engine and Pulumi on a bare Debian 12 machine, and takes it down again.

usage: go run ./lab COMMAND

  up               bring the lab up; what is up already stays
  down             take it down: processes, mounts, interfaces, cgroups, files
  status [--json]  say what runs and whether it answers, or what is left
  check [--json]   say whether this machine can run a lab, and what is missing
  exec -- CMD ...  run CMD with the lab's network, KUBECONFIG, Docker engine,
                   Pulumi backend and PATH

example: go run ./lab up && go run ./lab exec -- pulumi up

What the lab runs is built once and kept in the user's cache folder
(XDG_CACHE_HOME). Only its state goes away with "down".

exit codes: 0 done, 1 failed, 2 wrong usage; exec: those of CMD
`
