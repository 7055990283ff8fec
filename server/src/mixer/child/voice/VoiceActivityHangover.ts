/** A voice counts as speaking from this level on, in dBov, once its gain has brought it to the common loudness. */
const SPEAKING_DBOV = -45;
/** A voice still counts as speaking between words, so that its ring does not flicker. */
const HANGOVER_MS = 240;

/** Decides whether a voice is speaking, and keeps it so through the pauses between words. */
export class VoiceActivityHangover {
  #untilMs = -Infinity;

  /**
   * @param levelDbov of the voice now, -Infinity when nothing is heard
   * @returns the level to show, in dBov; null when the voice is not speaking
   */
  follow(levelDbov: number, nowMs: number): number | null {
    if (levelDbov >= SPEAKING_DBOV) this.#untilMs = nowMs + HANGOVER_MS;
    return nowMs < this.#untilMs ? Math.max(levelDbov, SPEAKING_DBOV) : null;
  }

  reset(): void {
    this.#untilMs = -Infinity;
  }
}
