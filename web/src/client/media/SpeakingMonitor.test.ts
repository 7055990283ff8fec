import { csrcOf, voiceIdOf } from '@tribune/shared/voice.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SpeakingMonitor, type LevelSource } from './SpeakingMonitor.ts';

/** A receiver whose last packet can be set. */
class FakeReceiver implements LevelSource {
  sources: { audioLevel?: number; timestamp: number }[] = [];
  contributions: { source: number; timestamp: number }[] = [];

  hear(audioLevel: number, timestamp = Date.now()): void {
    this.sources = [{ audioLevel, timestamp }];
  }

  /** A packet of a mix: who is in it, and how loud. Like a browser, it remembers those of packets before. */
  hearMix(levels: Record<string, number>, timestamp = Date.now()): void {
    this.sources = [{ timestamp }];
    for (const [userId, level] of Object.entries(levels)) {
      const source = csrcOf(voiceIdOf(userId), level);
      this.contributions = this.contributions.filter((it) => it.source !== source).concat({ source, timestamp });
    }
  }

  getSynchronizationSources() {
    return this.sources;
  }

  getContributingSources() {
    return this.contributions;
  }
}

describe('SpeakingMonitor', () => {
  let monitor: SpeakingMonitor;
  let receiver: FakeReceiver;

  beforeEach(() => {
    vi.useFakeTimers();
    monitor = new SpeakingMonitor();
    receiver = new FakeReceiver();
    monitor.addSource('consumer', 'ann', receiver);
  });

  afterEach(() => {
    monitor.close();
    vi.useRealTimers();
  });

  it('counts someone as speaking from the first loud packet', () => {
    receiver.hear(0.1);
    vi.advanceTimersByTime(100);
    expect(monitor.isSpeaking('ann')).toBe(true);
  });

  it('does not take the noise of a quiet room for speech', () => {
    receiver.hear(0.001);
    vi.advanceTimersByTime(1000);
    expect(monitor.isSpeaking('ann')).toBe(false);
  });

  it('does not believe a level for longer than packets come', () => {
    receiver.hear(0.5);
    vi.advanceTimersByTime(1000);
    expect(monitor.isSpeaking('ann')).toBe(false);
  });

  it('needs no clock in common with the browser’s', () => {
    receiver.hear(0.5, 7);
    vi.advanceTimersByTime(100);
    expect(monitor.isSpeaking('ann')).toBe(true);
    receiver.hear(0.5, 8);
    vi.advanceTimersByTime(400);
    expect(monitor.isSpeaking('ann')).toBe(true);
  });

  it('bridges the gaps between words, and no more', () => {
    receiver.hear(0.1);
    vi.advanceTimersByTime(100);
    receiver.hear(0);
    vi.advanceTimersByTime(400);
    expect(monitor.isSpeaking('ann')).toBe(true);
    vi.advanceTimersByTime(200);
    expect(monitor.isSpeaking('ann')).toBe(false);
  });

  it('calls only the listeners of whom it is about, once per change', () => {
    const ann = vi.fn<() => void>();
    const ben = vi.fn<() => void>();
    const stop = monitor.subscribe('ann', ann);
    monitor.subscribe('ben', ben);
    const talk = setInterval(() => receiver.hear(0.1), 50);
    vi.advanceTimersByTime(1000);
    expect(ann).toHaveBeenCalledTimes(1);
    clearInterval(talk);
    vi.advanceTimersByTime(1000);
    expect(ann).toHaveBeenCalledTimes(2);
    stop();
    receiver.hear(0.1);
    vi.advanceTimersByTime(100);
    expect(ann).toHaveBeenCalledTimes(2);
    expect(ben).not.toHaveBeenCalled();
  });

  it('hears one’s own voice from the microphone, and lets it go silent by itself', () => {
    monitor.reportLevel('me', 0.1);
    expect(monitor.isSpeaking('me')).toBe(true);
    vi.advanceTimersByTime(600);
    expect(monitor.isSpeaking('me')).toBe(false);
  });

  it('runs no timer while there is nothing to hear', () => {
    receiver.hear(0.1);
    vi.advanceTimersByTime(100);
    monitor.removeSource('consumer');
    vi.advanceTimersByTime(1000);
    expect(monitor.isSpeaking('ann')).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  describe('in a mix', () => {
    let mix: FakeReceiver;

    beforeEach(() => {
      mix = new FakeReceiver();
      monitor.addSource('mix', null, mix);
      for (const userId of ['ann', 'ben']) monitor.subscribe(userId, () => undefined);
    });

    function hear(levels: Record<string, number>, ms = 100): void {
      mix.hearMix(levels);
      vi.advanceTimersByTime(ms);
    }

    it('counts everyone as speaking whom a packet names', () => {
      hear({ ann: 9, ben: 4 });
      expect([monitor.isSpeaking('ann'), monitor.isSpeaking('ben')]).toEqual([true, true]);
    });

    it('takes a voice for one, however its level changes', () => {
      const ann = vi.fn<() => void>();
      monitor.subscribe('ann', ann);
      for (const level of [3, 9, 5, 12]) hear({ ann: level });
      expect(ann).toHaveBeenCalledTimes(1);
    });

    it('does not believe a name for as long as the browser repeats it', () => {
      hear({ ann: 9 });
      for (let packet = 0; packet < 10; packet++) hear({ ben: 9 });
      expect([monitor.isSpeaking('ann'), monitor.isSpeaking('ben')]).toEqual([false, true]);
    });

    it('does not take a voice that is too faint to hear for speech, nor someone who is not shown for anyone', () => {
      hear({ ann: 0, stranger: 9 });
      expect(monitor.isSpeaking('ann')).toBe(false);
      expect(monitor.isSpeaking('stranger')).toBe(false);
    });
  });

  it('lets nobody speak after it was closed', () => {
    receiver.hear(0.1);
    vi.advanceTimersByTime(100);
    const listener = vi.fn<() => void>();
    monitor.subscribe('ann', listener);
    monitor.close();
    expect(monitor.isSpeaking('ann')).toBe(false);
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
