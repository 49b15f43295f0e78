// Package board folds a run's entries into what a view shows of it at one
// moment: a row per pod, the recent answers, counters, events and totals. The
// live view, the replay, the page and the report all read a Board, so that they
// show the same. It keeps no clock: what depends on the time takes it.
package board
