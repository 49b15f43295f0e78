// Command lab is a thin front for package internal/lab: a cluster for machines
// that have none. Below parts/ are the modules that the lab is built from.
package main
