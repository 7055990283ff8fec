import { afterEach, describe, expect, it } from 'vitest';
import { dbov, SAMPLE_RATE, SAMPLES_PER_MS } from '../sound.ts';
import { MAX_PACKET_BYTES, type OpusCodec, type OpusEncoderSettings } from './OpusCodec.ts';
import { loadNativeOpus } from './nativeOpus.ts';
import { loadWasmOpus } from './wasmOpus.ts';

const SETTINGS: OpusEncoderSettings = {
  sound: 'speech',
  packetMs: 20,
  bitrate: 32_000,
  complexity: 5,
  expectedLossPercent: 10,
};
const FRAME = 20 * SAMPLES_PER_MS;
const native = await loadNativeOpus();

/** A low voice: a tone with harmonics, in syllables, since what never changes is noise to an encoder. */
function voice(frame: number, length = FRAME): Float32Array {
  const tone = (t: number) => [1, 2, 3, 4].reduce((sum, k) => sum + Math.sin(2 * Math.PI * 140 * k * t) / k, 0);
  const sample = (t: number) => (0.15 + 0.1 * Math.sin(2 * Math.PI * 4 * t)) * tone(t);
  return Float32Array.from({ length }, (_, n) => sample((frame * FRAME + n) / SAMPLE_RATE));
}

describe.each([
  { codec: await loadWasmOpus() },
  // A machine without libopus has nothing to test here; those that run these tests for a release have it.
  ...(native ? [{ codec: native }] : []),
])('the $codec.name codec', ({ codec }: { codec: OpusCodec }) => {
  const freed: { free(): void }[] = [];
  afterEach(() => {
    for (const one of freed.splice(0)) one.free();
  });

  async function create(settings: Partial<OpusEncoderSettings> = {}) {
    const pair = {
      encoder: await codec.createEncoder({ ...SETTINGS, ...settings }),
      decoder: await codec.createDecoder(),
    };
    freed.push(pair.encoder, pair.decoder);
    return pair;
  }

  it('says which libopus it is', () => {
    expect(codec.version).toMatch(/^libopus /);
  });

  it.each([20, 40, 60] as const)('decodes what it encoded in packets of %d ms, as loud as it was', async (packetMs) => {
    const { encoder, decoder } = await create({ packetMs });
    const samples = packetMs * SAMPLES_PER_MS;
    const heard = new Float32Array(20 * samples);
    for (let n = 0; n < 20; n++) {
      const packet = encoder.encode(voice((n * packetMs) / 20, samples));
      expect(packet.length).toBeLessThanOrEqual(MAX_PACKET_BYTES);
      const decoded = decoder.decode(packet);
      expect(decoded).toHaveLength(samples);
      heard.set(decoded, n * samples);
    }
    expect(Math.abs(dbov(heard) - dbov(voice(0, heard.length)))).toBeLessThan(1);
  });

  it('reads a packet wherever it lies in a buffer', async () => {
    const { encoder, decoder } = await create();
    const other = (await create()).decoder;
    for (let n = 0; n < 10; n++) {
      const packet = encoder.encode(voice(n)).slice();
      const datagram = Buffer.concat([Buffer.alloc(12, 0xff), packet]);
      expect(decoder.decode(datagram.subarray(12))).toEqual(other.decode(packet));
    }
  });

  it('recovers a lost packet from the one after it, and makes up what nothing tells of', async () => {
    const { encoder, decoder } = await create();
    const packets = Array.from({ length: 20 }, (_, n) => encoder.encode(voice(n)).slice());
    for (const packet of packets.slice(0, 10)) decoder.decode(packet);
    expect(dbov(decoder.recover(packets[11]!, FRAME))).toBeGreaterThan(dbov(voice(10)) - 6);
    expect(dbov(decoder.decode(packets[11]!))).toBeGreaterThan(dbov(voice(10)) - 3);
    expect(decoder.conceal(FRAME)).toHaveLength(FRAME);
    expect(dbov(decoder.conceal(FRAME / 2))).toBeGreaterThan(dbov(voice(10)) - 12);
  });

  it('says silence in two bytes at most', async () => {
    const { encoder } = await create();
    encoder.setDtx(true);
    const lengths = Array.from({ length: 50 }, () => encoder.encode(new Float32Array(FRAME)).length);
    expect(Math.min(...lengths)).toBeLessThanOrEqual(2);
  });

  it('takes a note that lasts for noise where it may, and nowhere else', async () => {
    const { encoder } = await create({ bitrate: 20_000, complexity: 1 });
    const note = Float32Array.from({ length: FRAME }, (_, n) => 0.1 * Math.sin((2 * Math.PI * 100 * n) / SAMPLE_RATE));
    const shortest = () => Math.min(...Array.from({ length: 200 }, () => encoder.encode(note).length));
    expect(shortest()).toBeGreaterThan(2);
    encoder.setDtx(true);
    expect(shortest()).toBeLessThanOrEqual(2);
  });

  it('refuses what is no Opus, and goes on with what is', async () => {
    const { encoder, decoder } = await create();
    expect(() => decoder.decode(Uint8Array.of(255, 255, 255))).toThrow(/corrupted|invalid/);
    expect(() => decoder.decode(new Uint8Array(0))).toThrow(/packet/);
    expect(() => encoder.encode(new Float32Array(7))).toThrow(/samples/);
    expect(decoder.decode(encoder.encode(voice(0)))).toHaveLength(FRAME);
  });

  it('refuses to work once it is freed, and may be freed twice', async () => {
    const { encoder, decoder } = await create();
    const packet = encoder.encode(voice(0)).slice();
    for (const one of [encoder, decoder, encoder, decoder]) one.free();
    expect(() => encoder.encode(voice(0))).toThrow(/freed/);
    expect(() => decoder.decode(packet)).toThrow(/freed/);
    expect(() => decoder.conceal(FRAME)).toThrow(/freed/);
  });
});
