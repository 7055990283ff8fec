import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MuteControl } from './MuteControl.ts';

describe('MuteControl', () => {
  const pending: { muted: boolean; resolve: () => void; reject: (error: Error) => void }[] = [];
  let mute: MuteControl;
  const answer = async () => {
    pending.shift()?.resolve();
    await vi.advanceTimersByTimeAsync(0);
  };
  const refuse = async () => {
    pending.shift()?.reject(new Error('refused'));
    await vi.advanceTimersByTimeAsync(0);
  };
  const unmuted = async () => {
    const done = mute.set(false);
    await answer();
    await done;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    pending.length = 0;
    mute = new MuteControl({
      request: (muted) => new Promise<void>((resolve, reject) => pending.push({ muted, resolve, reject })),
      onChange: () => {},
    });
  });

  afterEach(() => {
    mute.close();
    vi.useRealTimers();
  });

  it('shows an unmute at once, and lets nothing be heard before the server has agreed', async () => {
    void mute.set(false);
    expect([mute.muted, mute.audible]).toEqual([false, false]);
    await answer();
    expect([mute.muted, mute.audible]).toEqual([false, true]);
  });

  it('silences at once, whatever the server says', async () => {
    await unmuted();
    const done = mute.set(true);
    expect([mute.muted, mute.audible]).toEqual([true, false]);
    await refuse();
    await expect(done).resolves.toBeUndefined();
    expect([mute.muted, mute.audible]).toEqual([true, false]);
  });

  it('is muted again when an unmute is refused, and says so', async () => {
    const refused = mute.set(false).catch((error: unknown) => error);
    await refuse();
    expect(await refused).toEqual(new Error('refused'));
    expect([mute.muted, mute.audible]).toEqual([true, false]);
  });

  it('has one request in flight, and ends with what was wanted last', async () => {
    for (const muted of [false, true, false, true, false]) void mute.set(muted);
    expect(pending.map(({ muted }) => muted)).toEqual([false]);
    await answer();
    expect(pending).toEqual([]);
    expect(mute.audible).toBe(true);
  });

  it('is muted by a moderator at once', async () => {
    await unmuted();
    mute.force();
    expect([mute.muted, mute.audible]).toEqual([true, false]);
    expect(pending).toEqual([]);
  });

  it('follows the room’s state when that says muted', async () => {
    await unmuted();
    await vi.advanceTimersByTimeAsync(2000);
    mute.handleState(true);
    expect(mute.muted).toBe(true);
  });

  it('is not misled by a state from before its own unmute', async () => {
    await unmuted();
    mute.handleState(true);
    mute.handleState(false);
    await vi.advanceTimersByTimeAsync(2000);
    expect([mute.muted, mute.audible]).toEqual([false, true]);
  });

  it('asks again when the room’s state does not know of a mute', async () => {
    await unmuted();
    await vi.advanceTimersByTimeAsync(2000);
    void mute.set(true);
    await refuse();
    mute.handleState(false);
    expect(pending.map(({ muted }) => muted)).toEqual([true]);
  });

  it('asks to be heard again after the server lost the producer, and keeps quiet if muted', async () => {
    void mute.reassert();
    expect(pending).toEqual([]);
    await unmuted();
    void mute.reassert();
    expect(pending.map(({ muted }) => muted)).toEqual([false]);
    expect(mute.audible).toBe(false);
    await answer();
    expect(mute.audible).toBe(true);
  });
});
