// A message that is later than that tells of another clock.
const stale = 2000;

// The run's time, as the server told it, carried on between two messages.
export class Clock {
  #at = 0;
  #pace = 0;
  #read = 0;

  set({ at, pace }) {
    // A message that came late tells an old time, and a countdown must not rise.
    const late = this.now() - at;
    if (pace === this.#pace && late > 0 && late < stale) return;
    this.#at = at;
    this.#pace = pace;
    this.#read = performance.now();
  }

  stop() {
    this.set({ at: this.now(), pace: 0 });
  }

  now() {
    return this.#at + (performance.now() - this.#read) * this.#pace;
  }
}
