// Package ejection turns what is seen of a breaker into what happened. It
// reads, in the order of arrival, the API server's pods, the endpoints and
// counters of the client's sidecar, the lines of its outlier event log and the
// answers of the load, and makes timeline entries: a pod ejected or returned,
// added or removed, counters reset, sources that disagree.
//
// It promises that an ejection is on record once: the source that is first to
// report it makes the event, and a later one adds what it knows in an event of
// kind Confirmed. Nothing is inferred from answers alone; they only count the
// errors. There is no input, output or clock in here: times come with the data.
package ejection
