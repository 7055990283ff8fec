import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { LiveReaders } from './LiveReaders.ts';
import { Transcoder } from './Transcoders.ts';

afterEach(() => vi.useRealTimers());

test('A transcoder that nobody hears ends after a few seconds, though no sound comes', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  const transcoder = new Transcoder(child, new LiveReaders({ LIVE_CAPACITY: 10, PER_ADDRESS_SHARE: 1 }));
  vi.advanceTimersByTime(3000);
  expect(transcoder.isOver).toBe(false);
  vi.advanceTimersByTime(10_000);
  expect(transcoder.isOver).toBe(true);
  await closed;
});
