// Package parts builds what the lab runs from sources that package registries
// serve: Go modules, one wheel from PyPI, and Debian packages. Every part is
// built once for a machine: its folder in the cache is named after a hash of
// all that it is built from, so that a second clone finds it there and a
// changed pin does not.
package parts
