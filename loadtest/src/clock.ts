/** How far this machine's clock is ahead of the coordinator's, in ms. */
let offsetMs = 0;

/** For a process that works for a coordinator elsewhere: from here on its epoch is the coordinator's. */
export function setClockOffset(ms: number): void {
  offsetMs = ms;
}

/** Ms since 1970 of now, as every process of the run understands it. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now() - offsetMs;
}

/** The time of `performance.now()` at a moment of `epochMs()`. */
export function localMs(epoch: number): number {
  return epoch + offsetMs - performance.timeOrigin;
}
