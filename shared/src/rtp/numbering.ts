/** How the numbers of RTP packets follow each other: both kinds wrap, and a sender may begin anew. */

/** A step ahead of this many packets or more is a sender that numbers anew, and no loss (RFC 3550, appendix A.1). */
export const MAX_DROPOUT = 3000;

/** A packet that is behind the newest by more than this many is of a sender that numbers anew, and not late (RFC 3550, appendix A.1). */
export const MAX_MISORDER = 100;

/** How many packets `to` is after `from`, the short way round 16 bits; below 0 when it is before. Either may be unwrapped. */
export function sequenceStep(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}

/** How many ticks `to` is after `from`, the short way round 32 bits; below 0 when it is before. Either may be unwrapped. */
export function timestampStep(from: number, to: number): number {
  return (to - from) | 0;
}

/** The number of a packet as it would be if numbers did not wrap, next to the newest such number. */
export function unwrapSequence(newest: number, sequenceNumber: number): number {
  return newest + sequenceStep(newest, sequenceNumber);
}

/** A timestamp as it would be if timestamps did not wrap: the one that is nearest to a whole number of ticks. */
export function unwrapTimestamp(near: number, timestamp: number): number {
  return near + timestampStep(near, timestamp);
}
