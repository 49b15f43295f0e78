// Package screen draws a board as lines of text for a terminal of any size: the
// rule, a row per pod, the recent answers, figures, the proof and the log. It is
// a pure function of the board, the time and the size; who calls it writes the
// lines. It says with words and marks what it says with colour too.
package screen
