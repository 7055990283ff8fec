/** From here on a voice counts as speaking, in dBov, once it is brought to the common loudness. */
const SPEAKING_DBOV = -45;
/** It still counts between words, so that its ring does not flicker. */
const HOLD_MS = 240;

/** Whether a voice speaks, and how loud. */
export class SpeakingHold {
  #untilMs = -Infinity;

  /** The loudness to show in dBov; null when the voice is not speaking. @param dbov of what is heard now, -Infinity for nothing */
  follow(dbov: number, nowMs: number): number | null {
    if (dbov >= SPEAKING_DBOV) this.#untilMs = nowMs + HOLD_MS;
    return nowMs < this.#untilMs ? Math.max(dbov, SPEAKING_DBOV) : null;
  }

  reset(): void {
    this.#untilMs = -Infinity;
  }
}
