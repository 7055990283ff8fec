import { gzipSync } from 'node:zlib';

/** So long an answer is given again: caches keep it for two seconds besides. */
const LIFE_MS = 1000;

/** An answer, ready to be sent. */
export interface LiveStateBody {
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

/** The state of a room as it is told over HTTP: written and compressed once a second at most, however many ask. */
export class LiveState {
  readonly #describe: () => object;
  #body: LiveStateBody | null = null;
  #atMs = -Infinity;

  constructor(describe: () => object) {
    this.#describe = describe;
  }

  read(nowMs = performance.now()): LiveStateBody {
    if (this.#body && nowMs - this.#atMs < LIFE_MS) return this.#body;
    const plain = Buffer.from(JSON.stringify(this.#describe()));
    this.#body = { plain, gzip: gzipSync(plain) };
    this.#atMs = nowMs;
    return this.#body;
  }
}
