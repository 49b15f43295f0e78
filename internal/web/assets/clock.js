// The run's time, as the server told it, carried on between two messages.
export class Clock {
  #at = 0;
  #pace = 0;
  #read = 0;

  set({ at, pace }) {
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
