import type { MicrophoneProblem } from '../../state/types.ts';

/** The microphone could not be had; `problem` chooses the advice. */
export class MicrophoneError extends Error {
  readonly problem: MicrophoneProblem;

  constructor(problem: MicrophoneProblem, options?: ErrorOptions) {
    super(`No microphone: ${problem}`, options);
    this.name = 'MicrophoneError';
    this.problem = problem;
  }
}

/** Sorts what `getUserMedia` throws into the kinds of advice that a person can act on. */
export function microphoneProblemOf(error: unknown): MicrophoneProblem {
  if (error instanceof MicrophoneError) return error.problem;
  switch (nameOf(error)) {
    case 'NotAllowedError':
      return 'denied';
    // Insecure origins and a Permissions-Policy of an embedding page both end here.
    case 'SecurityError':
      return 'insecure';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}

function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';
}
