// Package verify proves a breaker's life on a real mesh: it drives requests from
// inside of it, reads what the client's sidecar says, and compares each phase of
// the breaker's life with what the rule promises. It makes timeline phases and a
// verdict, and where something differs it names the cause if it can be known.
package verify
