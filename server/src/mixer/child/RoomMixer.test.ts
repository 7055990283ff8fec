import { payloadOf, timestampOf, writeRtp } from '@tribune/shared/rtp.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { RoomMixer } from './RoomMixer.ts';
import { loadOpus } from './opus/loadOpus.ts';
import { FRAME, FRAME_MS, PACKET_MS, SAMPLES_PER_MS } from './sound.ts';

const SPEAKER = { ssrc: 1, payloadType: 111, voiceId: 16, muted: false };
const SETTINGS = { ssrc: 7, bitrate: 32_000, sound: 'speech' } as const;

describe('RoomMixer', () => {
  const rooms: RoomMixer[] = [];
  afterEach(() => {
    for (const room of rooms.splice(0)) room.close();
  });

  async function create(): Promise<RoomMixer> {
    const room = await RoomMixer.create(SETTINGS);
    rooms.push(room);
    return room;
  }

  it('sends packets of 60 ms, the first of them at once', async () => {
    const room = await create();
    // Of silence, which is encoded for a while as it is, until the encoder says that it is nothing.
    const packets = Array.from({ length: 3 }, (_, n) => room.mix(n * PACKET_MS)!);
    const [first, second] = packets.map((packet) => timestampOf(packet));
    expect((second! - first!) >>> 0).toBe(PACKET_MS * SAMPLES_PER_MS);
  });

  it('hears in each frame what had come when the frame was due, and nothing later', async () => {
    const opus = await loadOpus();
    const encoder = await opus.createEncoder({
      sound: 'speech',
      packetMs: 20,
      bitrate: 32_000,
      complexity: 5,
      expectedLossPercent: 0,
    });
    const tone = Float32Array.from({ length: FRAME }, (_, n) => 0.5 * Math.sin(n / 20));
    const payloads = Array.from({ length: 9 }, () => Uint8Array.from(encoder.encode(tone)));
    encoder.free();
    /** Four packets of the mix, where packets are handed over as they come, or all at first with the times at which they came. */
    const mixed = async (isThereEarly: boolean) => {
      const room = await create();
      room.setSpeakers([SPEAKER]);
      await new Promise(setImmediate);
      const pcm: number[] = [];
      let next = 0;
      for (let dueMs = 60; dueMs <= 240; dueMs += 60) {
        for (; next < payloads.length && (isThereEarly || next * FRAME_MS + 5 <= dueMs); next++) {
          const rtp = { payloadType: 111, sequenceNumber: next, timestamp: next * FRAME, ssrc: 1, marker: false };
          room.receive(writeRtp({ ...rtp, payload: payloads[next]! }), next * FRAME_MS + 5);
        }
        room.mix(dueMs);
        pcm.push(...room.pcm);
      }
      return pcm;
    };
    const inTime = await mixed(false);
    expect(Math.max(...inTime)).toBeGreaterThan(0.1);
    expect(await mixed(true)).toEqual(inTime);
  });

  it('takes any datagram, and goes on', async () => {
    const room = await create();
    room.setSpeakers([SPEAKER]);
    const rtp = { payloadType: 111, sequenceNumber: 1, timestamp: 1, ssrc: 1, marker: false };
    for (const payload of [Uint8Array.of(255, 255, 255), new Uint8Array(0), new Uint8Array(1400)]) {
      room.receive(writeRtp({ ...rtp, payload }), 0);
    }
    room.receive(Buffer.alloc(0), 0);
    room.receive(Buffer.alloc(12, 0xff), 0);
    const packets = Array.from({ length: 60 }, (_, n) => room.mix(n * FRAME_MS)).filter((packet) => packet !== null);
    expect(packets.map((packet) => payloadOf(packet)!.length > 0)).not.toContain(false);
  });

  it('throws when it mixes and a voice cannot have a decoder, and leaves other rooms alone', async () => {
    const opus = await loadOpus();
    const broken = { ...opus, createDecoder: async () => Promise.reject(new Error('no memory')) };
    const room = await RoomMixer.create(SETTINGS, broken);
    rooms.push(room);
    const other = await create();
    for (const one of [room, other]) one.setSpeakers([SPEAKER]);
    await expect.poll(() => failureOf(room)).toMatchObject({ cause: { message: 'no memory' } });
    expect(failureOf(other)).toBeNull();
  });
});

function failureOf(room: RoomMixer): unknown {
  try {
    room.mix(0);
    return null;
  } catch (error) {
    return error;
  }
}
