import { EventEmitter } from 'node:events';
import type { WebRtcTransport } from 'mediasoup/types';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../logger.ts';
import { MediaHealth } from './MediaHealth.ts';

/** As much of a transport as tells whether it is connected. */
class FakeTransport {
  readonly observer = new EventEmitter() as unknown as WebRtcTransport['observer'];
  dtlsState: WebRtcTransport['dtlsState'] = 'new';

  connect(): void {
    this.dtlsState = 'connected';
    this.observer.emit('dtlsstatechange', 'connected');
  }

  close(): void {
    this.observer.emit('close');
  }
}

describe('the health of media', () => {
  let health: MediaHealth;
  let changes: string[];
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    health = new MediaHealth(createLogger({ LOG_LEVEL: 'silent' }));
    changes = [];
    health.on('changed', () => changes.push(health.state));
  });
  afterEach(() => void vi.useRealTimers());

  function come(...userIds: string[]): FakeTransport[] {
    return userIds.map((userId) => {
      const transport = new FakeTransport();
      health.expect(transport, userId);
      return transport;
    });
  }

  it('is failing 4 s after the third person whose media does not connect, and says so once', () => {
    come('a', 'b');
    vi.advanceTimersByTime(1000);
    come('c', 'd', 'e');
    vi.advanceTimersByTime(3999);
    expect(health.state).toBe('good');
    vi.advanceTimersByTime(1);
    expect(health.state).toBe('failing');
    expect(changes).toEqual(['failing']);
  });

  it('is good while anybody connects', () => {
    const [first] = come('a', 'b', 'c', 'd');
    first?.connect();
    vi.advanceTimersByTime(5000);
    expect(health.state).toBe('good');
  });

  it('is good when one person fails again and again', () => {
    for (let attempt = 0; attempt < 6; attempt++) {
      come('a');
      vi.advanceTimersByTime(2000);
    }
    expect(health.state).toBe('good');
  });

  it('is good when people fail rarely, or leave before they could connect', () => {
    for (const userId of ['a', 'b', 'c', 'd']) {
      come(userId);
      vi.advanceTimersByTime(6000);
    }
    for (const transport of come('e', 'f', 'g')) transport.close();
    vi.advanceTimersByTime(5000);
    expect(health.state).toBe('good');
  });

  it('is tried again after 30 s, and fails again, or is good with the first who connects', () => {
    come('a', 'b', 'c');
    vi.advanceTimersByTime(4000);
    vi.advanceTimersByTime(30_000);
    expect(health.state).toBe('trying');
    come('d', 'e', 'f');
    vi.advanceTimersByTime(4000);
    expect(health.state).toBe('failing');
    vi.advanceTimersByTime(30_000);
    come('g')[0]?.connect();
    expect(health.state).toBe('good');
    expect(changes).toEqual(['failing', 'failing', 'good']);
  });
});
