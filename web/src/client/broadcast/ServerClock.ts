/**
 * How far the server's clock is ahead of this one's. Whatever the server has said with a time in it was said at that time or later, so
 * that the newest of all that was said is the nearest to the truth: after some answers it is as near as their way takes.
 */
export class ServerClock {
  #offsetMs: number | null = null;

  /** Something came that cannot have been said before `saidAtMs`, by the server's clock. */
  observe(saidAtMs: number): void {
    const offsetMs = saidAtMs - Date.now();
    if (Number.isFinite(offsetMs)) this.#offsetMs = Math.max(this.#offsetMs ?? -Infinity, offsetMs);
  }

  /** As HTTP says it: to the second, cut off. */
  observeDate(response: Response): void {
    this.observe(Date.parse(response.headers.get('date') ?? ''));
  }

  /** Unix time in ms by the clock of the server, to a few tenths of a second; by one's own before it said anything. */
  now(): number {
    return Date.now() + (this.#offsetMs ?? 0);
  }
}
