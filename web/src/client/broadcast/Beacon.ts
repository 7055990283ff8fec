import type { BeaconRequest } from '@tribune/shared/live.ts';

/** A crowd that comes together does not say so together. */
const FIRST_WITHIN_MS = 5000;

/**
 * Says now and then that somebody listens, so that they are counted, and nothing of who it is: as often as the server asks, and of a large
 * crowd not everyone.
 */
export class Beacon {
  readonly #address: string;
  #request: BeaconRequest | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param base `/live/:id/` */
  constructor(base: string) {
    this.#address = `${base}beacon`;
  }

  /** With each answer of the server. */
  ask(request: BeaconRequest): void {
    const isFirst = this.#request === null;
    this.#request = request;
    if (isFirst) this.#plan(Math.random() * FIRST_WITHIN_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#request = null;
  }

  #plan(inMs: number): void {
    this.#timer = setTimeout(() => {
      if (!this.#request) return;
      const { everyS, part } = this.#request;
      if (Math.random() < part) void this.#send(part);
      this.#plan(everyS * 1000);
    }, inMs);
  }

  async #send(part: number): Promise<void> {
    await fetch(`${this.#address}?part=${part}`, { method: 'POST', credentials: 'omit', keepalive: true }).catch(
      () => undefined,
    );
  }
}
