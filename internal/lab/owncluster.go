package lab

// OwnCluster tells what to do on a machine that cannot run the lab.
const OwnCluster = `A cluster of your own does as well, for instance k3d's:

  k3d cluster create breaker --registry-create registry:0.0.0.0:5000
  pulumi stack select --create dev
  pulumi up

Others are in README.md under "Your own cluster".
`
