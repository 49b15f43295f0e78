// Package rulefile reads a DestinationRule of a user's own from a file, as far as
// it can be tried on ServiceX: the traffic policy that its one port gets by it.
// What cannot hold there is refused by name, all at once; what has no part in it is
// noted.
package rulefile
