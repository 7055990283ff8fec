/** One second-order filter, as coefficients of ITU-R BS.1770-5, annex 1, at 48 kHz. */
interface Biquad {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

/** The head of the listener. */
const SHELF: Biquad = {
  b: [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85],
  a: [-1.690_659_293_182_41, 0.732_480_774_215_85],
};
/** Low sounds, which count for less. */
const HIGH_PASS: Biquad = { b: [1, -2, 1], a: [-1.990_047_454_833_98, 0.990_072_250_366_21] };
const OFFSET_LU = -0.691;

/** LUFS of a mean square of K-weighted samples (ITU-R BS.1770-5, annex 1), on one channel. */
export function lufsOf(power: number): number {
  return OFFSET_LU + 10 * Math.log10(power);
}

/** A filter whose state is below this is at rest. Left alone, it would decay into denormal numbers, which take 100 times as long. */
const REST = 1e-20;

/** Measures sound as ears do: weighted by frequency, then squared. */
export class KWeighting {
  // Delays of the two filters, each a transposed direct form II.
  #s1 = 0;
  #s2 = 0;
  #h1 = 0;
  #h2 = 0;

  /** Mean square of the next samples, K-weighted. */
  power(pcm: Float32Array): number {
    const [sb0, sb1, sb2] = SHELF.b;
    const [sa1, sa2] = SHELF.a;
    const [hb0, hb1, hb2] = HIGH_PASS.b;
    const [ha1, ha2] = HIGH_PASS.a;
    let s1 = this.#s1;
    let s2 = this.#s2;
    let h1 = this.#h1;
    let h2 = this.#h2;
    let sum = 0;
    for (let index = 0; index < pcm.length; index++) {
      const x = pcm[index]!;
      const y = sb0 * x + s1;
      s1 = sb1 * x - sa1 * y + s2;
      s2 = sb2 * x - sa2 * y;
      const z = hb0 * y + h1;
      h1 = hb1 * y - ha1 * z + h2;
      h2 = hb2 * y - ha2 * z;
      sum += z * z;
    }
    const isAtRest = Math.max(Math.abs(s1), Math.abs(s2), Math.abs(h1), Math.abs(h2)) < REST;
    this.#s1 = isAtRest ? 0 : s1;
    this.#s2 = isAtRest ? 0 : s2;
    this.#h1 = isAtRest ? 0 : h1;
    this.#h2 = isAtRest ? 0 : h2;
    return sum / pcm.length;
  }
}
