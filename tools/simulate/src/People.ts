const LIVES = 64;
const MOST_ATTEMPTS = 255;
/** Nobody's node. */
const NONE = -1;

export interface Counts {
  readonly arrived: number;
  /** On their way in, told to come back, in the queue, or before the start. */
  readonly waiting: number;
  readonly listening: number;
  /** They have heard something and gone. */
  readonly left: number;
  /** No node was left for them. */
  readonly failed: number;
}

/** Who is late enough, and how many of them, for a run to be given up. */
export interface Patience {
  readonly ms: number;
  readonly people: number;
}

/** Everyone who comes, by number: where they are, since when they wait, and how long they waited. */
export class People {
  readonly #patience: Patience;
  readonly #isListening: Uint8Array;
  readonly #hasHeard: Uint8Array;
  readonly #isLate: Uint8Array;
  readonly #lives: Uint8Array;
  readonly #attempts: Uint8Array;
  readonly #avoided: Int16Array;
  readonly #nodeOf: Int16Array;
  readonly #sinceMs: Float64Array;
  readonly ttfaMs: number[] = [];
  readonly recoveryMs: number[] = [];
  #arrived = 0;
  #listening = 0;
  #failed = 0;
  #left = 0;
  #late = 0;

  constructor(count: number, patience: Patience = { ms: Infinity, people: Infinity }) {
    this.#patience = patience;
    this.#isListening = new Uint8Array(count);
    this.#hasHeard = new Uint8Array(count);
    this.#isLate = new Uint8Array(count);
    this.#lives = new Uint8Array(count);
    this.#attempts = new Uint8Array(count);
    this.#avoided = new Int16Array(count).fill(NONE);
    this.#nodeOf = new Int16Array(count).fill(NONE);
    this.#sinceMs = new Float64Array(count);
  }

  get count(): number {
    return this.#lives.length;
  }

  get counts(): Counts {
    const [arrived, listening, failed, left] = [this.#arrived, this.#listening, this.#failed, this.#left];
    return { arrived, listening, failed, left, waiting: arrived - listening - failed - left };
  }

  /** Everyone is in, has been in, or cannot be. */
  get isSettled(): boolean {
    return this.#listening + this.#left + this.#failed === this.count;
  }

  /** More are late than there was patience for. */
  get areTooManyLate(): boolean {
    return this.#late > this.#patience.people;
  }

  /** Counts up when a person loses their node: what was planned before is not theirs any more. Below 64. */
  lifeOf(who: number): number {
    return this.#lives[who]!;
  }

  /** Index of the node; -1 before there is one. */
  nodeOf(who: number): number {
    return this.#nodeOf[who]!;
  }

  /** @param sinceMs when their wait begins */
  arrive(who: number, sinceMs: number): void {
    this.#arrived += 1;
    this.#sinceMs[who] = sinceMs;
  }

  place(who: number, node: number): void {
    this.#nodeOf[who] = node;
  }

  fail(): void {
    this.#failed += 1;
  }

  /** @returns how often they tried before */
  countAttempt(who: number): number {
    const attempt = this.#attempts[who]!;
    this.#attempts[who] = Math.min(MOST_ATTEMPTS, attempt + 1);
    return attempt;
  }

  /** They could not reach that node, and say so when they ask for the next. */
  avoid(who: number, node: number): void {
    this.#avoided[who] = node;
  }

  avoidedBy(who: number): number | null {
    const node = this.#avoided[who]!;
    return node === NONE ? null : node;
  }

  hear(who: number, nowMs: number): void {
    const tookMs = nowMs - this.#sinceMs[who]!;
    if (this.#hasHeard[who]) this.recoveryMs.push(tookMs);
    else {
      this.ttfaMs.push(tookMs);
      this.noteLate(who, nowMs);
    }
    this.#hasHeard[who] = 1;
    this.#isListening[who] = 1;
    this.#attempts[who] = 0;
    this.#avoided[who] = NONE;
    this.#listening += 1;
  }

  /** They have heard enough. */
  leave(who: number): void {
    this.#listening -= 1;
    this.#left += 1;
    this.#isListening[who] = 0;
    this.#nodeOf[who] = NONE;
  }

  /** Their node is gone, and they have tried once. */
  drop(who: number, nowMs: number): void {
    if (this.#isListening[who]) {
      this.#listening -= 1;
      this.#sinceMs[who] = nowMs;
    }
    this.#isListening[who] = 0;
    this.#lives[who] = (this.#lives[who]! + 1) % LIVES;
    this.#nodeOf[who] = NONE;
    this.#attempts[who] = 1;
  }

  /** They hear nothing before `untilMs`. */
  noteLate(who: number, untilMs: number): void {
    if (this.#isLate[who] || untilMs - this.#sinceMs[who]! <= this.#patience.ms) return;
    this.#isLate[who] = 1;
    this.#late += 1;
  }
}
