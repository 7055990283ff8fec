import { describe, expect, it } from 'vitest';
import { MicrophoneError, microphoneProblemOf } from './microphoneProblem.ts';

describe('microphoneProblemOf', () => {
  it.each([
    ['NotAllowedError', 'denied'],
    ['SecurityError', 'insecure'],
    ['NotFoundError', 'missing'],
    ['OverconstrainedError', 'missing'],
    ['NotReadableError', 'busy'],
    ['AbortError', 'busy'],
    ['TypeError', 'failed'],
  ])('takes %s for %s', (name, problem) => {
    expect(microphoneProblemOf(new DOMException('', name))).toBe(problem);
  });

  it('keeps a problem that is known already', () => {
    expect(microphoneProblemOf(new MicrophoneError('insecure'))).toBe('insecure');
  });

  it('takes anything else for failed', () => {
    for (const error of [undefined, null, 'text', {}, new Error('x')])
      expect(microphoneProblemOf(error)).toBe('failed');
  });
});
