import { beforeEach, describe, expect, it } from 'vitest';
import { JitterBuffer } from './JitterBuffer.ts';
import { loadOpus } from '../opus/loadOpus.ts';
import { dbov, FRAME, SAMPLE_RATE } from '../sound.ts';

const FRAMES = 500;

/** Packets arrive at a jitter buffer in simulated time, and it plays them. */
class Line {
  readonly levels: (number | null)[] = [];
  readonly #buffer: JitterBuffer;
  packets: readonly Uint8Array[];
  readonly #out = new Float32Array(FRAME);

  constructor(buffer: JitterBuffer, packets: readonly Uint8Array[]) {
    this.#buffer = buffer;
    this.packets = packets;
  }

  get report() {
    return this.#buffer.report();
  }

  /** @param arrivalMs of each packet by its number; null for one that is lost */
  run(arrivalMs: (n: number) => number | null, sequence = (n: number) => n): void {
    const arrivals = this.packets
      .map((payload, n) => ({ n, payload, ms: arrivalMs(n) }))
      .filter((arrival) => arrival.ms !== null)
      .toSorted((a, b) => a.ms! - b.ms!);
    for (let tick = 0, next = 0; tick < FRAMES; tick++) {
      for (; next < arrivals.length && arrivals[next]!.ms! <= tick * 20; next++) {
        const { n, payload, ms } = arrivals[next]!;
        this.#buffer.push({ sequenceNumber: sequence(n), timestamp: n * FRAME, arrivalMs: ms!, payload });
      }
      this.levels.push(this.#buffer.pull(this.#out, tick * 20) ? dbov(this.#out) : null);
    }
  }
}

describe('JitterBuffer', () => {
  let line: Line;
  beforeEach(async () => {
    const opus = await loadOpus();
    const encoder = await opus.createEncoder({
      sound: 'speech',
      packetMs: 20,
      bitrate: 32_000,
      complexity: 10,
      expectedLossPercent: 10,
    });
    const packets = Array.from({ length: FRAMES }, (_, n) => {
      // A low voice: a tone with harmonics, which swells.
      const sample = (t: number) => [1, 2, 3, 4].reduce((sum, k) => sum + Math.sin(2 * Math.PI * 140 * k * t) / k, 0);
      const pcm = Float32Array.from({ length: FRAME }, (__, i) => 0.1 * sample((n * FRAME + i) / SAMPLE_RATE));
      return encoder.encode(pcm).slice();
    });
    encoder.free();
    line = new Line(new JitterBuffer(await opus.createDecoder(), 'speech'), packets);
  });

  const isLoud = (level: number | null) => level !== null && level > -35;

  it('plays packets that overtake each other in their order', () => {
    line.run((n) => n * 20 + (n % 3) * 20);
    expect(line.levels.slice(10).every(isLoud)).toBe(true);
    expect(line.report).toMatchObject({ recovered: 0, concealed: 0 });
  });

  it('fills the time of packets that are late with what they would have been, and plays them then', () => {
    line.run((n) => (n >= 200 && n < 203 ? 203 * 20 - 1 + n / 1000 : n * 20));
    expect(line.levels.slice(10).every(isLoud)).toBe(true);
    expect(line.report.concealed / 48).toBeGreaterThanOrEqual(20);
    expect(line.report).toMatchObject({ recovered: 0, late: 0 });
  });

  it('gets a lost packet from the one after it', () => {
    line.run((n) => (n % 10 === 5 ? null : n * 20));
    expect(line.levels.slice(10).every(isLoud)).toBe(true);
    expect(line.report).toMatchObject({ concealed: 0, late: 0 });
    expect(line.report.recovered / FRAME).toBeGreaterThan(45);
  });

  it('falls silent when nothing comes any more, and goes on when something does', () => {
    line.run((n) => (n >= 200 && n < 300 ? null : n * 20));
    const silent = line.levels.slice(212, 298);
    expect(silent.every((level) => level === null)).toBe(true);
    expect(line.levels.slice(305).every(isLoud)).toBe(true);
  });

  it('takes a pause that the sender did not send for no loss', () => {
    line.run(
      (n) => (n >= 200 && n < 300 ? null : n * 20),
      (n) => (n < 300 ? n : n - 100),
    );
    expect(line.levels.slice(305).every(isLoud)).toBe(true);
    expect(line.report).toMatchObject({ recovered: 0, concealed: 0, late: 0 });
  });

  it('does not stay behind after half a second in which the network stood still', () => {
    line.run((n) => (n < 100 ? n * 20 : Math.max(n * 20, 125 * 20)));
    expect(line.levels.slice(140).every(isLoud)).toBe(true);
    expect(line.report.delayMs).toBeLessThan(line.report.targetDelayMs + 150);
  });

  it('plays on through packets that are no Opus', () => {
    line.packets = line.packets.map((packet, n) => (n % 50 === 25 ? Uint8Array.of(255, 255, 255) : packet));
    line.run((n) => n * 20);
    expect(line.levels.slice(10).every((level) => level !== null)).toBe(true);
  });

  it('plays a sender that stood still for a moment, and goes on later than before, again within half a second', () => {
    // Not even the time of its packets went on meanwhile, as where a browser gets no time to read the microphone.
    const [at, stillMs] = [200, 600];
    line.run((n) => n * 20 + (n < at ? 0 : stillMs));
    const resumed = at + stillMs / 20;
    const later = line.levels.slice(resumed + 25, FRAMES - 5);
    expect(later.filter((level) => level === null)).toEqual([]);
    expect(line.report.late).toBeLessThan(25);
  });
});
