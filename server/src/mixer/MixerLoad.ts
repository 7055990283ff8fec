import type { MixerUsage } from './mixerMessages.ts';

const WINDOW_S = 5;
/** Beyond this share of a core, ticks begin to come late whenever packets are encoded for many rooms at once. */
const FULL_LOAD = 0.8;
/** A share of late ticks at which listeners of every room of the process begin to hear it. */
const LATE_SHARE = 0.1;
/** Below this share of a core, late ticks are the doing of other processes: fewer rooms here would not help. */
const BUSY_LOAD = 0.4;

interface Sample {
  readonly usage: MixerUsage;
  readonly uptimeS: number;
}

/** How busy one mixer process has been over the last seconds, from what it says of itself once a second. */
export class MixerLoad {
  #samples: readonly Sample[] = [];

  add(sample: Sample): void {
    this.#samples = [...this.#samples.filter(({ uptimeS }) => sample.uptimeS - uptimeS <= WINDOW_S), sample];
  }

  /** The process was replaced. */
  reset(): void {
    this.#samples = [];
  }

  /** Share of a core that it used, 0 to 1. */
  get cpu(): number {
    return this.#rate(({ usage: before }, { usage: after }, seconds) =>
      Math.min((after.cpuSeconds - before.cpuSeconds) / seconds, 1),
    );
  }

  /** Share of its ticks that came late, 0 to 1. */
  get lateShare(): number {
    return this.#rate(({ usage: before }, { usage: after }) => {
      const ticks = after.ticks - before.ticks;
      return ticks > 0 ? (after.lateTicks - before.lateTicks) / ticks : 0;
    });
  }

  get isFull(): boolean {
    return this.cpu > FULL_LOAD || (this.cpu > BUSY_LOAD && this.lateShare > LATE_SHARE);
  }

  #rate(read: (before: Sample, after: Sample, seconds: number) => number): number {
    const [before, after] = [this.#samples[0], this.#samples.at(-1)];
    const seconds = before && after ? after.uptimeS - before.uptimeS : 0;
    return before && after && seconds > 0 ? read(before, after, seconds) : 0;
  }
}
