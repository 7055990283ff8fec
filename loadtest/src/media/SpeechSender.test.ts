import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sequenceNumberOf, timestampAt, timestampOf } from '@tribune/shared/rtp.ts';
import { epochMs } from '../clock.ts';
import { SpeechSender } from './SpeechSender.ts';

const stream = { ssrc: 5, payloadType: 100, audioLevelId: 10 };
const word = { payload: Uint8Array.of(1, 2, 3), minusDbov: 30, voice: true };
const silence = { payload: null, minusDbov: 127, voice: false };

let packets: Buffer[];
const send = (packet: Buffer) => {
  packets.push(packet);
  return true;
};

beforeEach(() => {
  packets = [];
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('SpeechSender', () => {
  it('sends a packet each 20 ms, in sequence, and repeats the speech', () => {
    const sender = new SpeechSender([word, word, word], stream, send);
    sender.start();
    vi.advanceTimersByTime(999);
    sender.stop();
    vi.advanceTimersByTime(1000);
    expect(packets).toHaveLength(50);
    expect(sender.sent).toBe(50);
    const [first, last] = [packets[0]!, packets[49]!];
    expect((sequenceNumberOf(last) - sequenceNumberOf(first)) & 0xffff).toBe(49);
    expect((timestampOf(last) - timestampOf(first)) >>> 0).toBe(49 * 960);
  });

  it('moves the timestamp on, and not the sequence, while silence is not sent', () => {
    const sender = new SpeechSender([word, silence, silence, word], stream, send);
    sender.start();
    vi.advanceTimersByTime(79);
    sender.stop();
    const [first, second] = packets as [Buffer, Buffer];
    expect(packets).toHaveLength(2);
    expect((sequenceNumberOf(second) - sequenceNumberOf(first)) & 0xffff).toBe(1);
    expect((timestampOf(second) - timestampOf(first)) >>> 0).toBe(3 * 960);
    expect(second[1]! & 0x80).toBe(0x80);
  });

  it('stamps packets with the time at which they were due, after a stop too', () => {
    const sender = new SpeechSender([word], stream, send);
    for (let round = 0; round < 2; round++) {
      sender.start();
      const startedMs = epochMs();
      packets.length = 0;
      vi.advanceTimersByTime(99);
      sender.stop();
      expect(timestampOf(packets[0]!)).toBe(timestampAt(startedMs));
      expect((timestampOf(packets[4]!) - timestampAt(startedMs)) >>> 0).toBe(4 * 960);
      vi.advanceTimersByTime(60_000);
    }
  });

  it('does not count what could not be sent', () => {
    const sender = new SpeechSender([word], stream, () => false);
    sender.start();
    vi.advanceTimersByTime(500);
    sender.stop();
    expect(sender.sent).toBe(0);
  });

  it('makes up for a short delay at once, and leaves out what a long one missed', () => {
    const sender = new SpeechSender([word], stream, send);
    sender.start();
    vi.advanceTimersByTime(0);
    expect(packets).toHaveLength(1);
    const now = performance.now();
    vi.setSystemTime(Date.now() + 200);
    vi.spyOn(performance, 'now').mockReturnValue(now + 205);
    vi.advanceTimersToNextTimer();
    expect(packets).toHaveLength(11);
    vi.spyOn(performance, 'now').mockReturnValue(now + 10_005);
    vi.advanceTimersToNextTimer();
    expect(packets).toHaveLength(11 + 25);
    expect(sender.skipped).toBe(501 - 11 - 25);
    vi.restoreAllMocks();
    sender.stop();
  });
});
