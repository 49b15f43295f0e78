// Package report makes one page of a recorded run: a self-contained HTML file
// with the verdict, what was configured against what was measured, and charts
// of answers, latency and counters. The charts are SVG made here, so that the
// page needs no network and no script; its script only adds a cursor.
//
// Of reads timeline entries into a Report, which is also what --json prints;
// Report.HTML writes the page. The same entries give the same bytes: there is
// no clock, no time zone of this machine and no order of a map in it.
package report
