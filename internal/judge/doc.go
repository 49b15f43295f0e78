// Package judge says of each claim about a breaker whether a recording proves
// it, refutes it, or does neither. It is a pure function of what is claimed and
// what was recorded: the same recording has the same verdict, live and later.
//
// A measured number is an interval that evidence gives. What is configured is
// only ever compared with it. What was not seen is not proven.
package judge
