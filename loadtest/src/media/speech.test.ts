import { createDecoder } from 'libopus-wasm';
import { describe, expect, it } from 'vitest';
import { encodeSpeech, levelOf, parseWave } from './speech.ts';

const FIXTURE = new URL('../../../e2e/fixtures/speech.wav', import.meta.url);

describe('levelOf', () => {
  it('is measured in -dBov (RFC 6464)', () => {
    expect(levelOf(new Int16Array(320))).toBe(127);
    expect(levelOf(new Int16Array(320).fill(-32_768))).toBe(0);
    expect(levelOf(new Int16Array(320).fill(3277))).toBe(20);
    expect(levelOf(new Int16Array(320).fill(1))).toBe(90);
  });
});

describe('parseWave', () => {
  it('refuses what is not mono 16-bit PCM', () => {
    expect(() => parseWave(Buffer.from('OggS'))).toThrow('Not a WAVE file');
    const stereo = Buffer.alloc(44);
    stereo.write('RIFF    WAVEfmt ', 'latin1');
    stereo.writeUInt32LE(16, 16);
    stereo.writeUInt16LE(1, 20);
    stereo.writeUInt16LE(2, 22);
    expect(() => parseWave(stereo)).toThrow('mono');
  });
});

describe('encodeSpeech', () => {
  it('gives 20 s of real Opus, silence between words left out', async () => {
    const frames = await encodeSpeech(FIXTURE);
    const sent = frames.flatMap(({ payload }) => payload ?? []);
    expect(frames).toHaveLength(1000);
    expect(sent.length).toBeGreaterThan(900);
    expect(sent.length).toBeLessThan(1000);
    expect(Math.min(...sent.map(({ length }) => length))).toBeGreaterThan(2);
  });

  it('can be decoded back to sound of the level it claims', async () => {
    const frames = (await encodeSpeech(FIXTURE)).slice(100, 200);
    const decoder = await createDecoder({ sampleRate: 16_000, channels: 1 });
    const decoded = frames.map(({ payload }) => levelOf(decoder.decode(payload, payload ? {} : { frameSize: 320 })));
    decoder.free();
    // Pauses are left out: what a decoder fills them with is its own affair.
    const errors = frames.flatMap(({ minusDbov }, index) => (minusDbov < 30 ? decoded[index]! - minusDbov : []));
    expect(errors.length).toBeGreaterThan(40);
    expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / errors.length)).toBeLessThan(3);
  });
});
