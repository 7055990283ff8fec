import { payloadOf, writeRtp } from '@tribune/shared/rtp.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { RoomMixer } from './RoomMixer.ts';
import { loadOpus } from './opus/loadOpus.ts';
import { FRAME_MS } from './sound.ts';

const SPEAKER = { ssrc: 1, payloadType: 111, voiceId: 16, muted: false };
const SETTINGS = { ssrc: 7, bitrate: 32_000 } as const;

describe('RoomMixer', () => {
  const rooms: RoomMixer[] = [];
  afterEach(() => {
    for (const room of rooms.splice(0)) room.close();
  });

  async function create(packetMs: 20 | 40 | 60, phase = 0): Promise<RoomMixer> {
    const room = await RoomMixer.create({ ...SETTINGS, packetMs }, phase);
    rooms.push(room);
    return room;
  }

  /** Ticks in which the room had a packet to send. */
  const ticksWithPacket = (room: RoomMixer, ticks: number) =>
    Array.from({ length: ticks }, (_, n) => (room.tick(n * FRAME_MS) ? n : -1)).filter((n) => n >= 0);

  it.each([
    { packetMs: 20, first: 0 },
    { packetMs: 40, first: 1 },
    { packetMs: 60, first: 2 },
  ] as const)('sends its first packet of $packetMs ms once all frames of it were due', async ({ packetMs, first }) => {
    // Of silence, which is encoded for a while as it is, until the encoder says that it is nothing.
    expect(ticksWithPacket(await create(packetMs), 30)[0]).toBeGreaterThanOrEqual(first);
  });

  it('mixes in another tick than a room of another phase', async () => {
    const ends = [0, 1, 2].map(async (phase) => {
      const [first] = ticksWithPacket(await create(60, phase), 60);
      return first! % 3;
    });
    expect(await Promise.all(ends)).toEqual([2, 1, 0]);
  });

  it('takes any datagram, and goes on', async () => {
    const room = await create(60);
    room.setSpeakers([SPEAKER]);
    const rtp = { payloadType: 111, sequenceNumber: 1, timestamp: 1, ssrc: 1, marker: false };
    for (const payload of [Uint8Array.of(255, 255, 255), new Uint8Array(0), new Uint8Array(1400)]) {
      room.receive(writeRtp({ ...rtp, payload }), 0);
    }
    room.receive(Buffer.alloc(0), 0);
    room.receive(Buffer.alloc(12, 0xff), 0);
    const packets = Array.from({ length: 60 }, (_, n) => room.tick(n * FRAME_MS)).filter((packet) => packet !== null);
    expect(packets.map((packet) => payloadOf(packet)!.length > 0)).not.toContain(false);
  });

  it('throws in its tick when a voice cannot have a decoder, and leaves other rooms alone', async () => {
    const opus = await loadOpus();
    const broken = { ...opus, createDecoder: async () => Promise.reject(new Error('no memory')) };
    const room = await RoomMixer.create({ ...SETTINGS, packetMs: 20 }, 0, broken);
    rooms.push(room);
    const other = await create(20);
    for (const one of [room, other]) one.setSpeakers([SPEAKER]);
    await expect.poll(() => failureOf(room)).toMatchObject({ cause: { message: 'no memory' } });
    expect(failureOf(other)).toBeNull();
  });
});

function failureOf(room: RoomMixer): unknown {
  try {
    room.tick(0);
    return null;
  } catch (error) {
    return error;
  }
}
