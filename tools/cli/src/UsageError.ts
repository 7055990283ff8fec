/** The command line makes no sense; the message is one sentence that says why, for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
