// Package ownstack makes a Pulumi stack that is there for one proof: made, brought
// up, and taken away, by the pulumi command and with the backend that the user has.
// No other stack is touched; the one that was selected stays so.
package ownstack
