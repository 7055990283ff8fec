import { beforeEach, describe, expect, it } from 'vitest';
import { StreamChoice } from './StreamChoice.ts';

describe('StreamChoice', () => {
  let choice: StreamChoice;
  let nowMs: number;
  beforeEach(() => {
    choice = new StreamChoice();
    nowMs = 0;
  });

  /** A packet of this source, 60 ms after the last of any. */
  function send(source: string, epoch: number, { speaks = false } = {}): boolean {
    nowMs += 60;
    return choice.isHeard(source, { epoch, speaks, nowMs });
  }
  const speak = (source: string, epoch: number) => send(source, epoch, { speaks: true });

  it('hears the only stream there is, also while nobody speaks', () => {
    expect([send('a', 1), send('a', 1)]).toEqual([true, true]);
  });

  it('hears the old home until someone speaks at the new one, and then the new one only', () => {
    speak('old', 1);
    expect([send('new', 2), speak('old', 1), send('new', 2)]).toEqual([false, true, false]);
    expect([speak('new', 2), speak('old', 1), send('new', 2)]).toEqual([true, false, true]);
  });

  it('goes on with the same stream when its epoch changes', () => {
    speak('a', 1);
    expect([send('a', 2), speak('a', 2)]).toEqual([true, true]);
    expect([speak('b', 1), send('a', 2)]).toEqual([false, true]);
  });

  it('hears an older epoch in which someone speaks rather than a newer one in which nobody has', () => {
    send('new', 2);
    expect([speak('old', 1), send('new', 2)]).toEqual([true, false]);
  });

  it('takes the later of two streams under one epoch, whose sender was replaced', () => {
    speak('before', 3);
    expect([speak('after', 3), speak('before', 3), speak('after', 3)]).toEqual([true, false, true]);
  });

  it('gives the place of a stream that sends nothing for a second and a half to the best of the others', () => {
    speak('first', 1);
    speak('second', 2);
    speak('third', 3);
    const sendBoth = () => [send('first', 1), send('second', 2)];
    while (nowMs < 1600) sendBoth();
    expect(sendBoth()).toEqual([false, true]);
  });

  it('hears a stream that was silent again once someone speaks in it', () => {
    speak('old', 1);
    speak('new', 2);
    for (let packet = 0; packet < 40; packet++) send('old', 1);
    expect([send('new', 2), send('old', 1)]).toEqual([false, true]);
    expect([speak('new', 2), send('old', 1)]).toEqual([true, false]);
  });

  it('hears the next stream at once where the one that is heard has ended', () => {
    speak('own', 2);
    speak('other', 1);
    choice.forget('own');
    expect(send('other', 1)).toBe(true);
  });

  it('keeps no streams that ended', () => {
    for (let count = 0; count < 10_000; count++) {
      choice.isHeard(`source ${count}`, { epoch: count, speaks: true, nowMs });
      nowMs += 100;
    }
    expect(choice.size).toBeLessThan(30);
  });
});
