// How often a server that ends by itself is started again.

const WINDOW_MS = 3 * 60_000;
const MOST = 4;

export class Restarts {
  private ends: number[] = [];

  /** Note an end at `now`, in milliseconds, and say whether to start again. */
  mayStartAgain(now: number): boolean {
    this.ends = [...this.ends.filter((end) => now - end < WINDOW_MS), now];
    return this.ends.length <= MOST;
  }

  forget(): void {
    this.ends = [];
  }
}
