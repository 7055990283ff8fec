import type { PlaybackElement } from '../media/PlaybackElement.ts';

const STEPS = 4;
const STEP_MS = 5;

/** From one to the other in 20 ms: both play the same moment, so that their sum stays as loud as each. */
export async function crossfade(from: PlaybackElement, to: PlaybackElement): Promise<void> {
  for (let step = 1; step <= STEPS; step++) {
    to.setGain(step / STEPS);
    from.setGain(1 - step / STEPS);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
