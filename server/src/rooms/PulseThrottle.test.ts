import { describe, expect, it } from 'vitest';
import type { RoomRecord } from '../store/RoomRecord.ts';
import { PulseThrottle } from './PulseThrottle.ts';
import { Reactions } from './Reactions.ts';

function recordAt(seq: number): RoomRecord {
  return {
    seq,
    phase: 'live',
    locked: false,
    speakerLimit: 13,
    stage: new Map(),
    hands: [],
    invites: new Map(),
  } as unknown as RoomRecord;
}

const present = (listeners: number, endsInS: number | null = null) => ({ listeners, faces: [], endsInS });

describe('the pulse', () => {
  it('[PU1] sums reactions by kind, and tells them once', () => {
    const reactions = new Reactions();
    const throttle = new PulseThrottle(reactions);
    for (const kind of ['heart', 'clap', 'heart'] as const) reactions.add(kind);
    expect(throttle.take(recordAt(1), present(0), 10_000)?.reactions).toEqual({ heart: 2, clap: 1 });
    expect(throttle.take(recordAt(2), present(0), 11_000)?.reactions).toBeUndefined();
  });

  it('[PU3] comes once a second, and less often to a larger audience', () => {
    const throttle = new PulseThrottle(new Reactions());
    expect(throttle.take(recordAt(1), present(10), 10_000)).not.toBeNull();
    expect(throttle.take(recordAt(2), present(11), 10_500)).toBeNull();
    expect(throttle.take(recordAt(2), present(11), 11_000)).not.toBeNull();
    expect(throttle.take(recordAt(3), present(100_000), 12_000)).toBeNull();
    expect(throttle.take(recordAt(3), present(100_000), 16_000)).not.toBeNull();
  });

  it('[PU3] says nothing when there is no news, but for a sign of life each five seconds', () => {
    const throttle = new PulseThrottle(new Reactions());
    throttle.take(recordAt(1), present(10), 10_000);
    expect(throttle.take(recordAt(1), present(10), 12_000)).toBeNull();
    expect(throttle.take(recordAt(1), present(10), 15_000)).toEqual({ seq: 1, listeners: 10 });
  });

  it('[PU4] carries the state when it changed, and always its number', () => {
    const throttle = new PulseThrottle(new Reactions());
    expect(throttle.take(recordAt(1), present(10), 10_000)?.state?.seq).toBe(1);
    expect(throttle.take(recordAt(1), present(11), 11_000)).toEqual({ seq: 1, listeners: 11 });
    expect(throttle.take(recordAt(2), present(11), 12_000)?.state?.seq).toBe(2);
  });

  it('[PU5] says in how many seconds a room ends that nobody can lead, and says when that is over', () => {
    const throttle = new PulseThrottle(new Reactions());
    throttle.take(recordAt(1), present(10), 10_000);
    expect(throttle.take(recordAt(1), present(10, 299), 11_000)).toEqual({ seq: 1, listeners: 10, endsInS: 299 });
    expect(throttle.take(recordAt(1), present(10, 298), 12_000)).toBeNull();
    expect(throttle.take(recordAt(1), present(10), 13_000)).toEqual({ seq: 1, listeners: 10 });
  });
});
