// Package callers tells who has ejected whom: it finds the Envoys that may call a
// service, sidecars and gateways alike, reads each of them through its admin
// interface, and folds what they say into one view of callers by pods. The count
// of errors and the ejection that follows are each caller's own, so that two of
// them may well disagree.
//
// It changes nothing and sends no request to the service. A caller that cannot be
// read is part of the view, with the reason.
package callers
