/** One question about the other's time, on this side's clock but for `clockMs`. */
export interface ClockSample {
  readonly sentMs: number;
  readonly receivedMs: number;
  /** The other's clock, in between. */
  readonly clockMs: number;
}

/**
 * How far the other clock is ahead, in ms: from the sample with the shortest round trip, in whose middle it is taken to have
 * answered, as NTP does (RFC 5905, sections 8 and 10). It is off by half of that round trip at most.
 */
export function offsetOf(samples: readonly ClockSample[]): number {
  const best = samples.reduce((a, b) => (b.receivedMs - b.sentMs < a.receivedMs - a.sentMs ? b : a));
  return best.clockMs - (best.sentMs + best.receivedMs) / 2;
}
