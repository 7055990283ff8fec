import { EventEmitter } from 'node:events';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import { StorageError } from '../objects/StorageError.ts';

const CHECK_EVERY_MS = 1000;
/** A storage that takes longer is away, for whoever speaks now. */
const ANSWERS_WITHIN_MS = 1500;

/** Asks the storage each second whether it takes something, so that a host hears within two that it does not. */
export class StorageWatch extends EventEmitter<{
  /** Null: it takes something again. */
  changed: [problem: string | null];
}> {
  readonly #objects: Pick<ObjectStore, 'check'>;
  #problem: string | null = null;
  #askedMs = -Infinity;
  #isAsking = false;

  constructor(objects: Pick<ObjectStore, 'check'>) {
    super();
    this.#objects = objects;
  }

  /** To be called a few times a second while something is to be stored. */
  tick(nowMs = performance.now()): void {
    if (this.#isAsking) {
      if (nowMs - this.#askedMs > ANSWERS_WITHIN_MS) this.#tell('TIMEOUT');
      return;
    }
    if (nowMs - this.#askedMs < CHECK_EVERY_MS) return;
    this.#askedMs = nowMs;
    this.#isAsking = true;
    void this.#objects
      .check()
      .then(() => null)
      .catch((error: unknown) => (error instanceof StorageError ? error.reason : 'UNAVAILABLE'))
      .then((problem) => {
        this.#isAsking = false;
        this.#tell(problem);
      });
  }

  /** To be called while nothing is to be stored: whoever begins next hears of the problem anew. */
  rest(): void {
    this.#tell(null);
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.emit('changed', problem);
  }
}
