/**
 * Fills `target` with `source[0..length)`, a little faster or slower than it was: resampled with a cubic (Catmull-Rom) curve
 * through its samples. The result begins and ends on samples, so that consecutive calls join without a step.
 */
export function resample(source: Float32Array, length: number, target: Float32Array): void {
  if (length === target.length) {
    target.set(source.subarray(0, length));
    return;
  }
  const step = length / target.length;
  for (let index = 0; index < target.length; index++) {
    const position = index * step;
    const at = Math.floor(position);
    const t = position - at;
    const b = source[at]!;
    const a = at > 0 ? source[at - 1]! : b;
    const c = source[Math.min(at + 1, length - 1)]!;
    const d = source[Math.min(at + 2, length - 1)]!;
    target[index] = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  }
}
