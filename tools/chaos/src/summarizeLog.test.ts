import { expect, it } from 'vitest';
import { summarizeLog } from './summarizeLog.ts';

it('shows each warning once with how often it came, and what is no log entry as it is', () => {
  const failed = JSON.stringify({
    level: 40,
    time: 1,
    roomId: 'r',
    err: { message: 'timed out' },
    msg: 'Request failed',
  });
  const lost = JSON.stringify({ level: 50, time: 2, msg: 'Mixer died' });
  expect(summarizeLog([failed, lost, failed, '', 'Node.js v24.0.0'])).toEqual([
    'warning Request failed: timed out (2 times)',
    'error Mixer died',
    'Node.js v24.0.0',
  ]);
});
