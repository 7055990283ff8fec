import type { Logger } from '../logger.ts';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import { StorageError } from '../objects/StorageError.ts';

const CHECK_EVERY_MS = 10_000;

/** Tells whether objects can be written, and logs when that changes. */
export class ObjectHealth {
  readonly #objects: ObjectStore;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #problem: string | null = null;
  #checking = false;

  constructor(objects: ObjectStore, logger: Logger) {
    this.#objects = objects;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#check(), CHECK_EVERY_MS);
    this.#timer.unref();
    void this.#check();
  }

  /** The reason of a `StorageError`, or null. */
  get problem(): string | null {
    return this.#problem;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    const error: unknown = await this.#objects.check().then(
      () => null,
      (failure: unknown) => failure,
    );
    this.#checking = false;
    const before = this.#problem;
    this.#problem = error ? (error instanceof StorageError ? error.reason : 'UNAVAILABLE') : null;
    if (this.#problem === before) return;
    if (error)
      this.#logger.warn({ err: error, reason: this.#problem }, 'The object storage takes nothing; live sound goes on');
    else this.#logger.info('The object storage is back');
  }
}
