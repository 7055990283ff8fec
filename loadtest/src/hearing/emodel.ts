/** ITU-T G.107 with its default values: R of a connection without loss or delay. */
const DEFAULT_R = 93.2;
/** Of Opus: equipment impairment without loss, and robustness against random loss. */
const OPUS_IE = 0;
const OPUS_BPL = 25;
/** One-way delay up to which nobody minds (G.107, section 7.4). */
const FREE_DELAY_MS = 100;

/** The conditions under which a listener hears. */
export interface Impairment {
  /** Share of packets lost, 0 to 1. */
  readonly lossShare: number;
  /** Mean length of bursts of loss over what it would be if losses were independent; at least 1. */
  readonly burstRatio: number;
  /** From mouth to ear, one way. */
  readonly delayMs: number;
}

/**
 * The rating factor R of the E-model, for Opus, with the defaults of G.107 for everything that is not the network's: no echo path,
 * no noise, no advantage factor.
 */
export function ratingOf({ lossShare, burstRatio, delayMs }: Impairment): number {
  const lossPct = 100 * lossShare;
  // Section 7.5: the effective equipment impairment factor.
  const equipment = OPUS_IE + ((95 - OPUS_IE) * lossPct) / (lossPct / Math.max(1, burstRatio) + OPUS_BPL);
  return DEFAULT_R - delayImpairment(delayMs) - equipment;
}

/** The mean opinion score that G.107, Annex B, estimates for a rating factor: 1 (bad) to 4.5. */
export function mosOf(rating: number): number {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  // The cubic falls below 1 for ratings under 6.5.
  return Math.max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}

/**
 * Bursts over what chance makes of the same loss: the mean length of runs of independent losses is 1 / (1 - p).
 * @param runs of packets lost in a row, and `lost` packets in all of them.
 */
export function burstRatioOf(lost: number, runs: number, lossShare: number): number {
  return runs === 0 ? 1 : Math.max(1, (lost / runs) * (1 - lossShare));
}

/** Idd of G.107, section 7.4: too long a delay, even without any echo. */
function delayImpairment(delayMs: number): number {
  if (delayMs <= FREE_DELAY_MS) return 0;
  const x = Math.log2(delayMs / FREE_DELAY_MS);
  return 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2);
}
