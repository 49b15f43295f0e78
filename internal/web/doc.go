// Package web shows a run as a page on loopback while it happens: a tile for
// each pod, the answers of the last seconds, the events, and switches for the
// load.
//
// A Page takes the entries of a run one by one and never waits for a browser.
// Each browser follows the stream /events: at first all of the state, then those
// of its parts that changed, at most ten times a second and at once when
// something happened to a pod. A browser that is slow misses states in between,
// not the newest. What is kept does not grow with the run or with a slow reader.
//
// Only programs on this machine can reach it, and of the pages that a browser
// has open only its own may read or switch anything: requests have to name
// loopback as their host, and have to come from the page itself.
package web
