/** About -40 dBov: somebody speaks at the device, not in the next room. */
const LOUD = 0.01;
/** Of 20 levels a second; a cough is shorter. */
const ATTACK_TICKS = 8;
const RELEASE_TICKS = 40;

/** Does someone who is muted try to say something? Fed with levels, it answers slowly on purpose. */
export class MutedVoice {
  #loudTicks = 0;
  #quietTicks = 0;
  #speaking = false;

  /** Takes the next level and tells whether the person speaks. */
  update(level: number): boolean {
    if (level >= LOUD) {
      this.#loudTicks++;
      this.#quietTicks = 0;
    } else {
      this.#loudTicks = Math.max(0, this.#loudTicks - 1);
      this.#quietTicks++;
    }
    if (this.#loudTicks >= ATTACK_TICKS) this.#speaking = true;
    if (this.#quietTicks >= RELEASE_TICKS) this.reset();
    return this.#speaking;
  }

  reset(): void {
    this.#loudTicks = 0;
    this.#quietTicks = 0;
    this.#speaking = false;
  }
}
