/**
 * Who is heard in a mix: a contributing source of its RTP packets (RFC 3550, section 5.1) names a voice in its upper 28 bits and
 * says in the lower 4 how loud it is. The server writes it, the page reads it from `getContributingSources()`.
 */

/** A packet has room for no more contributing sources: a count of 4 bits (RFC 3550, section 5.1). */
export const MAX_VOICES = 15;

const LEVEL_BITS = 0x0f;
const LOUDEST = 15;
/** Levels are this far apart, in dB. */
const STEP_DB = 3;
/** In dBov, where level 1 begins: what is fainter is level 0. */
const FAINTEST_DBOV = -48;

export interface Voice {
  /** A multiple of 16, above 0. */
  readonly voiceId: number;
  /** 0 to 15, see `levelOf`. */
  readonly level: number;
}

/**
 * The voice of a person: 28 bits of the FNV-1a hash of their id. Two of the 50 on a stage share one with a chance of
 * 1 in 200,000, and then their rings light up together.
 */
export function voiceIdOf(userId: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of new TextEncoder().encode(userId)) hash = Math.imul(hash ^ byte, 0x0100_0193);
  const voiceId = (hash & ~LEVEL_BITS) >>> 0;
  return voiceId === 0 ? LEVEL_BITS + 1 : voiceId;
}

/** Level 1 begins at -48 dBov, each further one 3 dB higher, so that 15 is -6 dBov and louder; 0 is what is fainter. */
export function levelOf(dbov: number): number {
  const step = Math.floor((dbov - FAINTEST_DBOV) / STEP_DB) + 1;
  return Math.max(0, Math.min(LOUDEST, step));
}

/** @param level 0 to 15, see `levelOf`. */
export function csrcOf(voiceId: number, level: number): number {
  return voiceId + level;
}

export function readCsrc(csrc: number): Voice {
  return { voiceId: (csrc & ~LEVEL_BITS) >>> 0, level: csrc & LEVEL_BITS };
}
